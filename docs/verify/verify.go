// How far a receipt of the registry is proven: the algorithm of verify.ts, with Go's standard library.
//
// It reads a question a line (JSON) from standard input, answers a line each, and ends with 1 when one does not hold.
// Questions and levels are described in README.md.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type receipt struct {
	Entry, Salt, Proof, Head string
	PersonSalt               *string
	Index                    json.Number
}

type jwk struct {
	Kty, Crv, X, Y, Kid, Purpose string
	Kinds                        []string
	Nbf, Exp                     json.Number
	RevokedAt                    *json.Number
}

type question struct {
	Receipt        receipt
	Jwks           *struct{ Keys []jwk }
	Iin            *string
	Now            *int64
	Proof          json.RawMessage
	Log, Witnesses []string
	Quorum         int
	// A bare inclusion, or a bare consistency where an old root is given; hashes in base64.
	LeafHash, Root, OldRoot *string
	Index, Size, OldSize    json.Number
}

// doesNotHold is what a check that fails panics with; answer turns it into the answer.
type doesNotHold string

func must(holds bool, what string) {
	if !holds {
		panic(doesNotHold(what))
	}
}

// verify returns the level that is reached: signed, logged or witnessed.
func verify(q question) string {
	entry := readEntry(q.Receipt.Entry)
	salt := base64url(q.Receipt.Salt, 32)
	index := count(q.Receipt.Index)
	leafHash := hash([]byte{0}, []byte(`{"c":"`+mac(salt, q.Receipt.Entry)+`","v":1}`))
	if q.Iin != nil {
		must(q.Receipt.PersonSalt != nil, "no person is shown")
		must(mac(base64url(*q.Receipt.PersonSalt, 32), "kz.iin:"+*q.Iin) == entry["person"], "another person")
	}

	var proof string
	hasProof := len(q.Proof) > 0 && string(q.Proof) != "null"
	if hasProof {
		must(json.Unmarshal(q.Proof, &proof) == nil, "the proof is no text")
	}
	must(q.Jwks != nil || hasProof, "neither keys nor a proof were given")
	must(q.Quorum >= 0, "a whole number")
	if q.Jwks != nil {
		now := time.Now().Unix()
		if q.Now != nil {
			now = *q.Now
		}
		ended := headEnded(q.Receipt, entry, leafHash, index, q.Jwks.Keys, now)
		must(ended == "" || hasProof, ended)
	}
	if !hasProof {
		return "signed"
	}

	p := readProof(proof)
	must(p.index == index, "the proof is of another place")
	must(bytes.Equal(followed(leafHash, index, p.size, p.hashes), p.root), "not in the log")
	signedByLog := false
	for _, text := range q.Log {
		if key := readVkey(text, 1); key.name == p.origin {
			signedByLog = hasSigned(key, p) || signedByLog
		}
	}
	must(signedByLog, "no pinned key of the log signed")
	// One key is one witness, however often it was pinned or signed.
	signed := map[string]bool{}
	for _, text := range q.Witnesses {
		if key := readVkey(text, 4); hasSigned(key, p) {
			signed[string(key.raw)] = true
		}
	}
	must(len(signed) >= q.Quorum, "too few of the pinned witnesses signed")
	if q.Quorum > 0 {
		return "witnessed"
	}
	return "logged"
}

// headEnded returns nothing when the head proves the entry, and a reason when its key has merely ended, which a
// published proof makes good.
func headEnded(r receipt, entry map[string]any, leafHash []byte, index int64, keys []jwk, now int64) string {
	parts := strings.Split(r.Head, ".")
	must(len(parts) == 3, "the head")
	header := readObject(string(base64url(parts[0], -1)))
	must(len(header) == 3 && header["alg"] == "ES256" && header["typ"] == "tyiym-head+jwt", "the header of the head")
	var key jwk
	named := 0
	for _, each := range keys {
		if each.Kid == header["kid"] {
			key, named = each, named+1
		}
	}
	must(named == 1, "no key of this name")
	must(key.Kty == "EC" && key.Crv == "P-256" && strings.HasPrefix(key.Purpose, "head/"), "not a key of heads")
	thumbprint := hash([]byte(fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, key.X, key.Y)))
	must(base64.RawURLEncoding.EncodeToString(thumbprint) == key.Kid, "the key has another name")
	vouches := false
	for _, kind := range key.Kinds {
		vouches = vouches || kind == entry["kind"]
	}
	must(vouches, "the key may not vouch for this kind")
	raw := base64url(parts[2], 64)
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	x, y := number(base64url(key.X, 32)), number(base64url(key.Y, 32))
	must(elliptic.P256().IsOnCurve(x, y), "the key is no point")
	public := ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}
	signed := hash([]byte(parts[0] + "." + parts[1]))
	must(ecdsa.Verify(&public, signed, number(raw[:32]), number(raw[32:])), "the head")

	payload := readObject(string(base64url(parts[1], -1)))
	iat := count(payload["iat"])
	must(count(key.Nbf) <= iat && iat < count(key.Exp), "the head is dated outside the life of its key")
	at, err := time.Parse("2006-01-02T15:04:05.000Z", text(entry["at"]))
	must(err == nil && at.Unix() <= iat, "the head is older than the entry")
	proof := base64url(r.Proof, -1)
	must(len(proof)%32 == 0, "the proof is no row of hashes")
	var hashes [][]byte
	for ; len(proof) > 0; proof = proof[32:] {
		hashes = append(hashes, proof[:32])
	}
	root := base64url(text(payload["root"]), 32)
	must(bytes.Equal(followed(leafHash, index, count(payload["size"]), hashes), root), "not in the tree of the head")
	if key.RevokedAt != nil {
		return "the key of the head is revoked"
	}
	if now >= count(key.Exp) {
		return "the key of the head has expired"
	}
	return ""
}

// followed is RFC 9162 section 2.1.3.2: the root that a leaf and its proof lead to; one length of proof is right.
func followed(leafHash []byte, index, size int64, proof [][]byte) []byte {
	must(index >= 0 && index < size, "the index is beyond the tree")
	must(len(leafHash) == 32, "the leaf hash is none")
	node, last, reached := index, size-1, leafHash
	for _, sibling := range proof {
		must(last > 0 && len(sibling) == 32, "the proof is too long")
		if node%2 == 1 || node == last {
			reached = hash([]byte{1}, sibling, reached)
			for node%2 == 0 && node > 0 {
				node, last = node/2, last/2
			}
		} else {
			reached = hash([]byte{1}, reached, sibling)
		}
		node, last = node/2, last/2
	}
	must(last == 0, "the proof is too short")
	return reached
}

// grown is RFC 9162 section 2.1.4.2: whether the tree of size has grown out of the one of oldSize, entry for entry.
func grown(oldSize int64, oldRoot []byte, size int64, root []byte, proof [][]byte) bool {
	must(oldSize > 0 && oldSize <= size, "sizes to compare")
	must(len(oldRoot) == 32 && len(root) == 32, "the roots are none")
	if oldSize == size {
		return len(proof) == 0 && bytes.Equal(oldRoot, root)
	}
	node, last := oldSize-1, size-1
	for node%2 == 1 {
		node, last = node/2, last/2
	}
	path := proof
	if node == 0 {
		// An old tree of a power of two is itself the first subtree, which the proof therefore leaves out.
		path = append([][]byte{oldRoot}, proof...)
	}
	must(len(path) > 0, "the proof is too short")
	before, after := path[0], path[0]
	for _, sibling := range path[1:] {
		must(last > 0 && len(sibling) == 32, "the proof is too long")
		if node%2 == 1 || node == last {
			before, after = hash([]byte{1}, sibling, before), hash([]byte{1}, sibling, after)
			for node%2 == 0 && node > 0 {
				node, last = node/2, last/2
			}
		} else {
			after = hash([]byte{1}, after, sibling)
		}
		node, last = node/2, last/2
	}
	must(last == 0, "the proof is too short")
	return bytes.Equal(before, oldRoot) && bytes.Equal(after, root)
}

// readEntry returns the entry, if its text is its own canonical form (RFC 8785); its numbers are whole.
func readEntry(s string) map[string]any {
	entry := readObject(s)
	var out bytes.Buffer
	canonical(&out, entry)
	must(out.String() == s, "the entry is not canonical")
	_, isText := entry["kind"].(string)
	must(entry["v"] == json.Number("1") && isText, "the entry is none")
	return entry
}

var whole = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,15})$`)

func canonical(out *bytes.Buffer, value any) {
	switch v := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		out.WriteByte('{')
		for at, name := range names {
			if at > 0 {
				out.WriteByte(',')
			}
			spell(out, name)
			out.WriteByte(':')
			canonical(out, v[name])
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for at, each := range v {
			if at > 0 {
				out.WriteByte(',')
			}
			canonical(out, each)
		}
		out.WriteByte(']')
	case string:
		spell(out, v)
	case json.Number:
		must(whole.MatchString(v.String()), "a number of the entry is not whole")
		n, err := strconv.ParseInt(v.String(), 10, 64)
		must(err == nil && n < 1<<53 && n > -(1<<53), "a number of the entry is not whole")
		out.WriteString(v.String())
	case bool:
		out.WriteString(strconv.FormatBool(v))
	default:
		out.WriteString("null")
	}
}

// spell writes a text as RFC 8785 does; Go's own encoder escapes more.
func spell(out *bytes.Buffer, s string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	out.WriteByte('"')
	for _, letter := range s {
		if escaped, ok := short[letter]; ok {
			out.WriteString(escaped)
		} else if letter < 0x20 {
			fmt.Fprintf(out, `\u%04x`, letter)
		} else {
			out.WriteRune(letter)
		}
	}
	out.WriteByte('"')
}

type line struct {
	name      string
	id        []byte
	signature []byte
}

type published struct {
	index, size  int64
	hashes       [][]byte
	root         []byte
	origin, text string
	lines        []line
}

// readProof reads c2sp.org/tlog-proof, and the c2sp.org/tlog-checkpoint in it.
func readProof(s string) published {
	parts := strings.Split(s, "\n\n")
	must(len(parts) == 3 && strings.HasSuffix(parts[2], "\n"), "no proof of this format")
	lines := strings.Split(parts[0], "\n")
	must(lines[0] == "c2sp.org/tlog-proof@v1", "no proof of this format")
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	must(len(lines) > 0 && strings.HasPrefix(lines[0], "index "), "no index")
	p := published{index: decimal(strings.TrimPrefix(lines[0], "index ")), text: parts[1] + "\n"}
	for _, each := range lines[1:] {
		p.hashes = append(p.hashes, standard64(each, 32))
	}
	body := strings.Split(parts[1], "\n")
	must(len(body) >= 3, "no checkpoint")
	for _, each := range body {
		must(each != "", "no checkpoint")
	}
	p.origin, p.size, p.root = body[0], decimal(body[1]), standard64(body[2], 32)
	for _, each := range strings.Split(strings.TrimSuffix(parts[2], "\n"), "\n") {
		words := strings.Split(each, " ")
		must(len(words) == 3 && words[0] == "—" && words[1] != "", "a signature line")
		raw := standard64(words[2], -1)
		must(len(raw) > 4, "a signature line")
		p.lines = append(p.lines, line{words[1], raw[:4], raw[4:]})
	}
	return p
}

type vkey struct {
	name string
	kind byte
	id   []byte
	raw  []byte
}

// readVkey reads name+hex+base64(type, key) of c2sp.org/signed-note; type 1 is a log's, type 4 a witness's.
func readVkey(s string, kind byte) vkey {
	parts := strings.SplitN(s, "+", 3)
	must(len(parts) == 3 && parts[0] != "", "a pinned key is no vkey")
	typed := standard64(parts[2], 33)
	id := hash([]byte(parts[0]+"\n"), typed)[:4]
	must(hex.EncodeToString(id) == parts[1], "a pinned key is no vkey")
	must(typed[0] == kind, "a pinned key is of another type")
	return vkey{parts[0], kind, id, typed[1:]}
}

// hasSigned says whether the key signed the checkpoint. A line of a known key that does not verify spoils the note.
func hasSigned(key vkey, p published) bool {
	has := false
	for _, each := range p.lines {
		if each.name != key.name || !bytes.Equal(each.id, key.id) {
			continue
		}
		signature, signed := each.signature, p.text
		if key.kind == 4 {
			must(len(signature) == 72, "a signature has another length")
			signed = fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature)) + signed
			signature = signature[8:]
		}
		must(len(signature) == 64, "a signature has another length")
		must(ed25519.Verify(key.raw, []byte(signed), signature), "the signature of "+key.name)
		has = true
	}
	return has
}

func hash(parts ...[]byte) []byte {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return sum[:]
}

func mac(key []byte, s string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// base64url is strict and without padding: bytes have one spelling. A length of -1 is any.
func base64url(s string, length int) []byte {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	must(err == nil && !strings.ContainsAny(s, "\r\n") && (length < 0 || len(raw) == length), "strict base64url")
	return raw
}

// standard64 is strict and with padding.
func standard64(s string, length int) []byte {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	must(err == nil && !strings.ContainsAny(s, "\r\n") && (length < 0 || len(raw) == length), "strict base64")
	return raw
}

func decimal(s string) int64 { return count(json.Number(s)) }

var digits = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)

func count(value any) int64 {
	number, ok := value.(json.Number)
	must(ok && digits.MatchString(number.String()), "a whole number")
	n, err := number.Int64()
	must(err == nil && n < 1<<53, "a whole number")
	return n
}

func text(value any) string {
	s, ok := value.(string)
	must(ok, "a text")
	return s
}

func readObject(s string) map[string]any {
	must(utf8.ValidString(s), "UTF-8")
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	var value map[string]any
	must(decoder.Decode(&value) == nil && value != nil, "a JSON object")
	_, err := decoder.Token()
	must(err == io.EOF, "one JSON object")
	return value
}

func answer(s string) (out map[string]string) {
	defer func() {
		if failed := recover(); failed != nil {
			out = map[string]string{"error": fmt.Sprint(failed)}
		}
	}()
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	var q question
	must(decoder.Decode(&q) == nil, "no question")
	if q.LeafHash == nil && q.OldRoot == nil {
		return map[string]string{"level": verify(q), "entry": q.Receipt.Entry}
	}
	var proof []string
	must(json.Unmarshal(q.Proof, &proof) == nil && q.Root != nil, "no question")
	var hashes [][]byte
	for _, each := range proof {
		hashes = append(hashes, standard64(each, 32))
	}
	if q.OldRoot != nil {
		oldRoot, root := standard64(*q.OldRoot, 32), standard64(*q.Root, 32)
		must(grown(count(q.OldSize), oldRoot, count(q.Size), root, hashes), "another past")
		return map[string]string{"level": "grown"}
	}
	reached := followed(standard64(*q.LeafHash, 32), count(q.Index), count(q.Size), hashes)
	must(bytes.Equal(reached, standard64(*q.Root, 32)), "another root")
	return map[string]string{"level": "included"}
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	asked, failed := 0, 0
	for _, line := range strings.Split(string(input), "\n") {
		if line == "" {
			continue
		}
		out := map[string]string{"error": "encoding: save it as UTF-8 without a byte-order mark"}
		isPlain := utf8.Valid(input) && !bytes.Contains(input, []byte{0}) && !bytes.HasPrefix(input, []byte("\xef\xbb\xbf"))
		if isPlain {
			out = answer(line)
		}
		asked++
		if out["error"] != "" {
			failed++
		}
		_ = encoder.Encode(out)
		if !isPlain {
			break
		}
	}
	if err != nil || asked == 0 || failed > 0 {
		os.Exit(1)
	}
}
