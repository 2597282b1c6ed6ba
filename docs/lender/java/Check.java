/*
 * One check before a loan, fail-closed, in one file of Java 17 and its standard library: copy it, read it, keep it.
 *
 *     java Check.java settings.json < question.json
 *
 * writes one line and ends with 0 only when you may lend. A client lends only on `verdict === "clear"` in a receipt that
 * verifies, whose person, stage and `loanRef` are its own, before `validUntil`, replayed or not. Time-out 2 s, two
 * retries with the same key, then park.
 */
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public final class Check {
  private static final int TIMEOUT_S = 2;
  private static final int RETRIES = 2;
  private static final int PAUSE_MS = 1000;
  private static final long TOLERATED_MS = 2000;

  public static void main(String[] args) throws Exception {
    if (args.length != 1) {
      System.err.println("usage: java Check.java settings.json < question.json");
      System.exit(2);
    }
    if (args[0].equals("--judge")) {
      judgeLines();
      return;
    }
    Map<String, Object> settings = object(Json.read(Files.readString(Path.of(args[0]))));
    String body = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    String why = new Check(settings).decide(body, UUID.randomUUID().toString());
    System.out.println(why == null ? "lend" : "do not lend: " + why);
    System.exit(why == null ? 0 : 1);
  }

  // The calls

  private final Map<String, Object> settings;
  private final PrivateKey key;
  private final HttpClient http;

  /** Your certificate goes with every connection, and only the registry's authority is believed. */
  Check(Map<String, Object> settings) throws Exception {
    this.settings = settings;
    String pem = Files.readString(Path.of(setting("keyFile"))).replaceAll("-----[A-Z ]+-----|\\s", "");
    key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry("own", key, new char[0], new Certificate[] {certificate("certFile")});
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, new char[0]);
    KeyStore believed = KeyStore.getInstance("PKCS12");
    believed.load(null, null);
    believed.setCertificateEntry("registry", certificate("caFile"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(believed);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    http = HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build();
  }

  /** Null when you may lend, and else why not. `idempotencyKey`: keep it with the loan, and park under it. */
  String decide(String body, String idempotencyKey) {
    try {
      Object answer = patiently(() -> json(HttpRequest.newBuilder(URI.create(setting("lenderUrl") + "/v1/checks"))
          .header("Authorization", "Bearer " + token())
          .header("Idempotency-Key", idempotencyKey)
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body))));
      URI keys = URI.create(setting("logUrl") + "/.well-known/jwks.json");
      Object jwks = patiently(() -> json(HttpRequest.newBuilder(keys)));
      return whyNot(answer, object(Json.read(body)), object(jwks), setting("bin"), System.currentTimeMillis());
    } catch (NotMade error) {
      return "not-made";
    } catch (Exception error) {
      return "unanswered";
    }
  }

  /** A token bound to your certificate. It is good for 300 s: a program that asks often keeps it. */
  private String token() throws Exception {
    long now = System.currentTimeMillis() / 1000;
    String claims = "{\"iss\":%1$s,\"sub\":%1$s,\"aud\":%2$s,\"jti\":\"%3$s\",\"iat\":%4$d,\"exp\":%5$d}".formatted(
        Json.quoted(setting("clientId")), Json.quoted(setting("issuer")), UUID.randomUUID(), now, now + 60);
    String header = "{\"alg\":\"ES256\",\"kid\":" + Json.quoted(setting("kid")) + "}";
    String signed = base64url(header.getBytes(StandardCharsets.UTF_8)) + "."
        + base64url(claims.getBytes(StandardCharsets.UTF_8));
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initSign(key);
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", "client_credentials");
    form.put("client_id", setting("clientId"));
    form.put("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    form.put("client_assertion", signed + "." + base64url(signature.sign()));
    form.put("resource", setting("resource"));
    form.put("scope", "checks");
    String body = form.entrySet().stream()
        .map(each -> each.getKey() + "=" + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
    Object granted = json(HttpRequest.newBuilder(URI.create(setting("tokenUrl")))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(body)));
    return text(object(granted), "access_token");
  }

  /** The question itself is wrong: repeating it does not help. */
  private static final class NotMade extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** What came in time, whole, and with 2xx. */
  private Object json(HttpRequest.Builder request) throws Exception {
    var answer = http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
    HttpResponse<String> response;
    try {
      // Not HttpRequest.timeout, which is content with the headers.
      response = answer.get(TIMEOUT_S, TimeUnit.SECONDS);
    } finally {
      answer.cancel(true);
    }
    int status = response.statusCode();
    if (status == 200 || status == 201) return Json.read(response.body());
    boolean isPassing = status == 401 || status == 409 || status == 429 || status < 400 || status >= 500;
    if (isPassing) throw new IllegalStateException("status " + status);
    throw new NotMade();
  }

  private interface Attempt {
    Object make() throws Exception;
  }

  private static Object patiently(Attempt attempt) throws Exception {
    for (int retry = 0; ; retry++) {
      try {
        return attempt.make();
      } catch (NotMade error) {
        throw error;
      } catch (Exception error) {
        if (retry == RETRIES) throw error;
        Thread.sleep(PAUSE_MS);
      }
    }
  }

  private String setting(String name) {
    return text(settings, name);
  }

  private Certificate certificate(String name) throws Exception {
    byte[] pem = Files.readAllBytes(Path.of(setting(name)));
    return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
  }

  // The duty

  /** Null when you may lend at `now`, and else why not. Never throws. */
  static String whyNot(Object answer, Map<String, Object> question, Map<String, Object> jwks, String bin, long now) {
    try {
      String iin = String.valueOf(question.get("iin"));
      if (!iin.matches("\\d{12}") || "".equals(question.get("loanRef"))) return "no-question";
      if (!(answer instanceof Map)) return "no-answer";
      Map<String, Object> told = object(answer);
      if ("refused".equals(told.get("verdict"))) return "refused";
      if (!"clear".equals(told.get("verdict"))) return "verdict-unknown";
      if (!(told.get("receipt") instanceof Map)) return "no-receipt";

      Map<String, Object> receipt = object(told.get("receipt"));
      Map<String, Object> entry = verified(receipt, jwks, now / 1000);
      byte[] personSalt = bytes(receipt.get("personSalt"), 32);
      if (!base64url(hmac(personSalt, "kz.iin:" + iin)).equals(entry.get("person"))) return "another-person";
      if (!"check.made".equals(entry.get("kind"))) return "not-a-check";
      if (!bin.equals(entry.get("lender"))) return "another-lender";
      if (!text(entry, "stage").equals(question.get("stage"))) return "another-stage";
      if (!text(entry, "loanRef").equals(question.get("loanRef"))) return "another-loan";
      for (String name : List.of("verdict", "validUntil", "checkId"))
        if (!String.valueOf(entry.get(name)).equals(String.valueOf(told.get(name)))) return "answer-differs-from-receipt";
      if (!"clear".equals(entry.get("verdict"))) return "answer-differs-from-receipt";
      if (!String.valueOf(entry.get("validUntil")).matches("\\d{4}-.*Z")) return "no-validity";
      if (now + TOLERATED_MS < Instant.parse(text(entry, "at")).toEpochMilli()) return "clock-behind";
      return now < Instant.parse(text(entry, "validUntil")).toEpochMilli() ? null : "expired";
    } catch (Exception error) {
      return "receipt-not-valid";
    }
  }

  /** The entry, when the receipt proves it: docs/verify/README.md has the algorithm in words. */
  private static Map<String, Object> verified(Map<String, Object> receipt, Map<String, Object> jwks, long now)
      throws Exception {
    String entryText = text(receipt, "entry");
    Map<String, Object> entry = object(Json.read(entryText));
    must(Json.canonical(entry).equals(entryText), "the entry is not canonical");
    must(Long.valueOf(1).equals(entry.get("v")), "the version of the entry");

    String[] parts = text(receipt, "head").split("\\.", -1);
    must(parts.length == 3, "the head is no JWS");
    Map<String, Object> header = object(Json.read(utf8(bytes(parts[0], -1))));
    must(header.keySet().equals(java.util.Set.of("alg", "kid", "typ")), "the header of the head");
    must("ES256".equals(header.get("alg")) && "tyiym-head+jwt".equals(header.get("typ")), "the header of the head");
    List<Map<String, Object>> named = ((List<?>) jwks.get("keys")).stream()
        .map(Check::object).filter(each -> header.get("kid").equals(each.get("kid"))).toList();
    must(named.size() == 1, "no key of this name");
    Map<String, Object> key = named.get(0);
    must("EC".equals(key.get("kty")) && "P-256".equals(key.get("crv")), "the kind of the key");
    must(text(key, "purpose").startsWith("head/") && ((List<?>) key.get("kinds")).contains(entry.get("kind")),
        "the key may not vouch for this");
    String jwk = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" + text(key, "x") + "\",\"y\":\"" + text(key, "y") + "\"}";
    must(base64url(sha256(jwk.getBytes(StandardCharsets.UTF_8))).equals(key.get("kid")), "the key has another name");
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initVerify(publicKey(key));
    signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
    must(signature.verify(bytes(parts[2], 64)), "the signature of the head");

    Map<String, Object> head = object(Json.read(utf8(bytes(parts[1], -1))));
    long iat = whole(head, "iat");
    must(whole(key, "nbf") <= iat && iat < whole(key, "exp"), "the head is dated outside the life of its key");
    must(now < whole(key, "exp") && !key.containsKey("revokedAt"), "the key no longer counts");
    must(Instant.parse(text(entry, "at")).getEpochSecond() <= iat, "the head is older than the entry");
    String leaf = "{\"c\":\"" + base64url(hmac(bytes(receipt.get("salt"), 32), entryText)) + "\",\"v\":1}";
    byte[] hash = sha256(new byte[] {0}, leaf.getBytes(StandardCharsets.UTF_8));
    byte[] root = followed(hash, whole(receipt, "index"), whole(head, "size"), bytes(receipt.get("proof"), -1));
    must(MessageDigest.isEqual(root, bytes(head.get("root"), 32)), "not in the tree of the head");
    return entry;
  }

  /** RFC 9162 section 2.1.3.2: the root that a leaf and its proof lead to; exactly one length of proof is right. */
  private static byte[] followed(byte[] leaf, long index, long size, byte[] proof) throws Exception {
    must(index >= 0 && index < size && proof.length % 32 == 0, "the index is beyond the tree");
    must(leaf.length == 32, "the leaf hash is none");
    long node = index;
    long last = size - 1;
    byte[] hash = leaf;
    for (int at = 0; at < proof.length; at += 32) {
      must(last > 0, "the proof is too long");
      byte[] sibling = Arrays.copyOfRange(proof, at, at + 32);
      if (node % 2 == 1 || node == last) {
        hash = sha256(new byte[] {1}, sibling, hash);
        for (; node % 2 == 0 && node > 0; node /= 2) last /= 2;
      } else hash = sha256(new byte[] {1}, hash, sibling);
      node /= 2;
      last /= 2;
    }
    must(last == 0, "the proof is too short");
    return hash;
  }

  private static PublicKey publicKey(Map<String, Object> key) throws Exception {
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    BigInteger x = new BigInteger(1, bytes(key.get("x"), 32));
    BigInteger y = new BigInteger(1, bytes(key.get("y"), 32));
    var point = new ECPublicKeySpec(new ECPoint(x, y), curve.getParameterSpec(ECParameterSpec.class));
    return KeyFactory.getInstance("EC").generatePublic(point);
  }

  /** One line a case: {answer, question, jwks, bin, now}; one line a verdict. The tests feed it every wrong answer. */
  private static void judgeLines() throws Exception {
    String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    for (String line : input.strip().split("\n")) {
      Map<String, Object> asked = object(Json.read(line));
      String why = whyNot(asked.get("answer"), object(asked.get("question")), object(asked.get("jwks")),
          text(asked, "bin"), whole(asked, "now"));
      System.out.println(why == null ? "lends" : why);
    }
  }

  // Bytes and members

  private static void must(boolean holds, String what) {
    if (!holds) throw new IllegalArgumentException(what);
  }

  private static byte[] sha256(byte[]... parts) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (byte[] part : parts) digest.update(part);
    return digest.digest();
  }

  private static byte[] hmac(byte[] key, String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Strict base64url without padding, because bytes have one spelling; `length` -1: any. */
  private static byte[] bytes(Object text, int length) {
    byte[] bytes = Base64.getUrlDecoder().decode((String) text);
    must(base64url(bytes).equals(text) && (length == -1 || bytes.length == length), "strict base64url");
    return bytes;
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    must(value instanceof Map, "a JSON object");
    return (Map<String, Object>) value;
  }

  private static String text(Map<String, Object> of, String name) {
    must(of.get(name) instanceof String, name);
    return (String) of.get(name);
  }

  private static long whole(Map<String, Object> of, String name) {
    must(of.get(name) instanceof Long number && number >= 0 && number < 1L << 53, name);
    return (Long) of.get(name);
  }

  /** JSON as far as it is needed here. Numbers that are not whole stay texts: no entry has one, and no check looks at one. */
  private static final class Json {
    private final String text;
    private int at;

    private Json(String text) {
      this.text = text;
    }

    static Object read(String text) {
      Json json = new Json(text);
      Object value = json.value(0);
      must(json.next() == 0, "more than one value");
      return value;
    }

    static String canonical(Object value) {
      if (value instanceof String text) return quoted(text);
      if (value instanceof List<?> list)
        return list.stream().map(Json::canonical).collect(Collectors.joining(",", "[", "]"));
      if (!(value instanceof Map)) return String.valueOf(value);
      return new TreeMap<>(object(value)).entrySet().stream()
          .map(each -> quoted(each.getKey()) + ":" + canonical(each.getValue()))
          .collect(Collectors.joining(",", "{", "}"));
    }

    static String quoted(String text) {
      StringBuilder quoted = new StringBuilder("\"");
      for (char each : text.toCharArray()) {
        int known = "\"\\\b\f\n\r\t".indexOf(each);
        if (known >= 0) quoted.append('\\').append("\"\\bfnrt".charAt(known));
        else if (each < ' ') quoted.append("\\u%04x".formatted((int) each));
        else quoted.append(each);
      }
      return quoted.append('"').toString();
    }

    /** The next character that counts, or 0 at the end. */
    private char next() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
      return at < text.length() ? text.charAt(at) : 0;
    }

    private boolean took(char wanted) {
      if (next() != wanted) return false;
      at++;
      return true;
    }

    private Object value(int depth) {
      must(depth < 32, "too deep");
      if (next() == '"') return string();
      if (took('{')) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (took('}')) return members;
        do {
          must(next() == '"', "a name");
          String name = string();
          must(took(':'), "a colon");
          must(!members.containsKey(name), "a name twice");
          members.put(name, value(depth + 1));
        } while (took(','));
        must(took('}'), "the end of an object");
        return members;
      }
      if (took('[')) {
        List<Object> items = new ArrayList<>();
        if (took(']')) return items;
        do items.add(value(depth + 1));
        while (took(','));
        must(took(']'), "the end of a list");
        return items;
      }
      int start = at;
      while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at++;
      String word = text.substring(start, at);
      if (word.equals("true") || word.equals("false")) return word.equals("true");
      if (word.equals("null")) return null;
      must(word.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?"), "a number");
      return word.matches("-?\\d{1,16}") ? (Object) Long.valueOf(word) : word;
    }

    private String string() {
      StringBuilder string = new StringBuilder();
      for (at++; text.charAt(at) != '"'; at++) {
        char each = text.charAt(at);
        must(each >= ' ', "a control character");
        if (each != '\\') {
          string.append(each);
          continue;
        }
        char escape = text.charAt(++at);
        int known = "\"\\/bfnrt".indexOf(escape);
        if (known >= 0) string.append("\"\\/\b\f\n\r\t".charAt(known));
        else {
          must(escape == 'u', "an escape");
          string.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
          at += 4;
        }
      }
      at++;
      return string.toString();
    }
  }
}
