#!/usr/bin/env python3
"""How far a receipt of the registry is proven: the algorithm of verify.ts, with Python's standard library.

Python has no signatures of its own, so ES256 and Ed25519 are asked of the command `openssl` (3.0 or newer); everything
else happens here. It reads a question a line (JSON) from standard input, answers a line each, and ends with 1 when one
does not hold. Questions and levels are described in README.md.
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

MAX = 2**53 - 1
DECIMAL = re.compile(r"(0|[1-9][0-9]*)\Z")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


class DoesNotHold(Exception):
    """What does not hold."""


def must(holds, what):
    if not holds:
        raise DoesNotHold(what)


def verify(question):
    """The level that is reached: signed, logged or witnessed. Raises DoesNotHold."""
    receipt = question["receipt"]
    text = receipt["entry"]
    entry = read_entry(text)
    salt = base64url(receipt["salt"], 32)
    index = count(receipt["index"])
    leaf = '{"c":"%s","v":1}' % mac(salt, text)
    leaf_hash = sha256(b"\0" + leaf.encode())
    if question.get("iin") is not None:
        shown = mac(base64url(receipt.get("personSalt"), 32), "kz.iin:" + question["iin"])
        must(shown == entry.get("person"), "another person")

    proof, jwks, quorum = question.get("proof"), question.get("jwks"), question.get("quorum", 0)
    must(jwks is not None or proof is not None, "neither keys nor a proof were given")
    count(quorum)
    if jwks is not None:
        ended = head_ended(receipt, entry, leaf_hash, index, jwks["keys"], question.get("now", int(time.time())))
        must(ended is None or proof is not None, ended)
    if proof is None:
        return "signed"

    published = read_proof(proof)
    must(published["index"] == index, "the proof is of another place")
    reached = followed(leaf_hash, index, published["size"], published["hashes"])
    must(reached == published["root"], "not in the log")
    log = [read_vkey(text, 1) for text in question.get("log", [])]
    log = [key for key in log if key[0] == published["origin"]]
    must(any([has_signed(key, published) for key in log]), "no pinned key of the log signed")
    # One key is one witness, however often it was pinned or signed.
    keys = [read_vkey(text, 4) for text in question.get("witnesses", [])]
    must(len({key[3] for key in keys if has_signed(key, published)}) >= quorum, "too few of the witnesses signed")
    return "witnessed" if quorum > 0 else "logged"


def head_ended(receipt, entry, leaf_hash, index, keys, now):
    """None when the head proves the entry; a reason when its key has merely ended, which a published proof makes good."""
    header, payload, signature = receipt["head"].split(".")
    said = read_object(base64url(header))
    must(set(said) == {"alg", "kid", "typ"}, "the header of the head")
    must(said["alg"] == "ES256" and said["typ"] == "tyiym-head+jwt", "the header of the head")
    named = [each for each in keys if each.get("kid") == said["kid"]]
    must(len(named) == 1, "no key of this name")
    key = named[0]
    must(key["kty"] == "EC" and key["crv"] == "P-256" and key["purpose"].startswith("head/"), "not a key of heads")
    thumbprint = sha256(('{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (key["x"], key["y"])).encode())
    must(spell(thumbprint) == said["kid"], "the key has another name")
    must(entry["kind"] in key["kinds"], "the key may not vouch for this kind")
    raw = base64url(signature, 64)
    point = b"\4" + base64url(key["x"], 32) + base64url(key["y"], 32)
    must(es256(point, raw, (header + "." + payload).encode()), "the head")

    head = read_object(base64url(payload))
    iat = count(head["iat"])
    must(count(key["nbf"]) <= iat < count(key["exp"]), "the head is dated outside the life of its key")
    must(second_of(entry["at"]) <= iat, "the head is older than the entry")
    proof = base64url(receipt["proof"])
    must(len(proof) % 32 == 0, "the proof is no row of hashes")
    hashes = [proof[at : at + 32] for at in range(0, len(proof), 32)]
    reached = followed(leaf_hash, index, count(head["size"]), hashes)
    must(reached == base64url(head["root"], 32), "not in the tree of the head")
    if key.get("revokedAt") is not None:
        return "the key of the head is revoked"
    return None if now < key["exp"] else "the key of the head has expired"


def followed(leaf_hash, index, size, proof):
    """RFC 9162 section 2.1.3.2: the root that a leaf and its proof lead to; exactly one length of proof is right."""
    must(count(index) < count(size), "the index is beyond the tree")
    must(len(leaf_hash) == 32, "the leaf hash is none")
    node, last, reached = index, size - 1, leaf_hash
    for sibling in proof:
        must(last > 0 and len(sibling) == 32, "the proof is too long")
        if node % 2 == 1 or node == last:
            reached = sha256(b"\1" + sibling + reached)
            while node % 2 == 0 and node > 0:
                node, last = node // 2, last // 2
        else:
            reached = sha256(b"\1" + reached + sibling)
        node, last = node // 2, last // 2
    must(last == 0, "the proof is too short")
    return reached


def grown(old_size, old_root, size, root, proof):
    """RFC 9162 section 2.1.4.2: whether the tree of `size` has grown out of the one of `old_size`, entry for entry."""
    must(0 < count(old_size) <= count(size), "sizes to compare")
    must(len(old_root) == 32 and len(root) == 32, "the roots are none")
    if old_size == size:
        return not proof and old_root == root
    node, last = old_size - 1, size - 1
    while node % 2 == 1:
        node, last = node // 2, last // 2
    # An old tree of a power of two is itself the first subtree, which the proof therefore leaves out.
    path = [old_root, *proof] if node == 0 else list(proof)
    must(bool(path) and all(len(each) == 32 for each in path), "the proof is too short")
    before = after = path[0]
    for sibling in path[1:]:
        must(last > 0, "the proof is too long")
        if node % 2 == 1 or node == last:
            before, after = sha256(b"\1" + sibling + before), sha256(b"\1" + sibling + after)
            while node % 2 == 0 and node > 0:
                node, last = node // 2, last // 2
        else:
            after = sha256(b"\1" + after + sibling)
        node, last = node // 2, last // 2
    must(last == 0, "the proof is too short")
    return before == old_root and after == root


def read_entry(text):
    """The entry, if its text is its own canonical form (RFC 8785); its numbers are whole."""
    entry = read_object(text.encode())
    spelled = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    must(spelled == text, "the entry is not canonical")
    must(entry.get("v") == 1 and entry["v"] is not True and isinstance(entry.get("kind"), str), "the entry is none")
    return entry


def read_proof(proof):
    """c2sp.org/tlog-proof, and the c2sp.org/tlog-checkpoint in it."""
    head, body, signatures = proof.split("\n\n")
    first, *lines = head.split("\n")
    must(first == "c2sp.org/tlog-proof@v1", "no proof of this format")
    if lines[0].startswith("extra "):
        lines = lines[1:]
    origin, size, root, *extensions = body.split("\n")
    must(origin != "" and "" not in extensions and signatures.endswith("\n"), "no checkpoint")
    must(lines[0].startswith("index "), "no index")
    return {
        "index": decimal(lines[0][len("index ") :]),
        "hashes": [standard64(line, 32) for line in lines[1:]],
        "origin": origin,
        "size": decimal(size),
        "root": standard64(root, 32),
        "text": body + "\n",
        "lines": [read_line(line) for line in signatures[:-1].split("\n")],
    }


def read_line(line):
    dash, name, data = line.split(" ")
    raw = standard64(data)
    must(dash == "\u2014" and name != "" and len(raw) > 4, "a signature line")
    return name, raw[:4], raw[4:]


def read_vkey(text, kind):
    """name+hex+base64(type, key) of c2sp.org/signed-note: name, type (1 of a log, 4 of a witness), id, key."""
    name, key_id, data = text.split("+", 2)
    typed = standard64(data, 33)
    named = sha256(name.encode() + b"\n" + typed)[:4]
    must(named.hex() == key_id and name != "", "a pinned key is no vkey")
    must(typed[0] == kind, "a pinned key is of another type")
    return name, kind, named, typed[1:]


def has_signed(key, published):
    """Whether the key signed the checkpoint. A line of a known key that does not verify spoils the whole note."""
    name, kind, key_id, raw = key
    own = [signature for by, named, signature in published["lines"] if by == name and named == key_id]
    for signature in own:
        must(len(signature) == (72 if kind == 4 else 64), "a signature has another length")
        text = published["text"].encode()
        if kind == 4:
            text = b"cosignature/v1\ntime %d\n" % struct.unpack(">Q", signature[:8]) + text
        must(ed25519(raw, signature[-64:], text), "the signature of " + name)
    return bool(own)


def es256(point, raw, signed):
    """ECDSA on P-256 over SHA-256; `point` is 04, x, y and `raw` is r, s, 32 bytes each."""
    public = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + point
    integers = b"".join(der(2, minimal(raw[at : at + 32])) for at in (0, 32))
    return openssl(["dgst", "-sha256", "-verify", "key", "-signature", "signature", "signed"], public, der(0x30, integers), signed)


def ed25519(raw, signature, signed):
    public = bytes.fromhex("302a300506032b6570032100") + raw
    args = ["pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "signed", "-sigfile", "signature"]
    return openssl(args, public, signature, signed)


def openssl(args, public, signature, signed):
    with tempfile.TemporaryDirectory() as folder:
        pem = "-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n" % base64.encodebytes(public).decode()
        for name, content in (("key", pem.encode()), ("signature", signature), ("signed", signed)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        run = subprocess.run(["openssl", *args], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return run.returncode == 0


def minimal(number):
    number = number.lstrip(b"\0") or b"\0"
    return b"\0" + number if number[0] & 0x80 else number


def der(tag, content):
    return bytes([tag, len(content)]) + content


def sha256(data):
    return hashlib.sha256(data).digest()


def mac(key, text):
    return spell(hmac.new(key, text.encode(), hashlib.sha256).digest())


def spell(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def base64url(text, length=None):
    """Strict base64url without padding: bytes have one spelling."""
    must(isinstance(text, str), "strict base64url")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    must(spell(raw) == text and length in (None, len(raw)), "strict base64url")
    return raw


def standard64(text, length=None):
    """Strict base64 with padding."""
    raw = base64.b64decode(text, validate=True)
    must(base64.b64encode(raw).decode() == text and length in (None, len(raw)), "strict base64")
    return raw


def decimal(text):
    must(DECIMAL.match(text) is not None, "a number in decimal")
    return count(int(text))


def count(value):
    must(type(value) is int and 0 <= value <= MAX, "a whole number")
    return value


def second_of(instant):
    must(INSTANT.match(instant) is not None, "an instant")
    return int(datetime.datetime.fromisoformat(instant[:19] + "+00:00").timestamp())


def read_object(data):
    def whole(digits):
        must(len(digits) < 18 and abs(int(digits)) <= MAX, "a number is not whole")
        return int(digits)

    def fraction(_):
        raise DoesNotHold("a number is not whole")

    value = json.loads(data, parse_int=whole, parse_float=fraction, parse_constant=fraction)
    must(isinstance(value, dict), "a JSON object")
    return value


def answer(line):
    """
    One line: a question, or with hashes in base64 the bare inclusion {leafHash, index, size, proof, root}, or the bare
    consistency {oldSize, oldRoot, size, proof, root}.
    """
    try:
        asked = json.loads(line)
        if "leafHash" not in asked and "oldRoot" not in asked:
            return {"level": verify(asked), "entry": asked["receipt"]["entry"]}
        hashes = [standard64(each, 32) for each in asked["proof"]]
        if "oldRoot" in asked:
            old = (count(asked["oldSize"]), standard64(asked["oldRoot"], 32))
            now = (count(asked["size"]), standard64(asked["root"], 32))
            must(grown(*old, *now, hashes), "another past")
            return {"level": "grown"}
        reached = followed(standard64(asked["leafHash"], 32), count(asked["index"]), count(asked["size"]), hashes)
        must(reached == standard64(asked["root"], 32), "another root")
        return {"level": "included"}
    except (DoesNotHold, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        return {"error": str(error) or type(error).__name__}


def read_lines(data):
    """A mark at the beginning, UTF-16 or another code page: json would take some of them and others would not."""
    try:
        must(b"\0" not in data and not data.startswith(b"\xef\xbb\xbf"), "")
        return [line for line in data.decode().split("\n") if line]
    except (DoesNotHold, UnicodeDecodeError):
        return None


if __name__ == "__main__":
    lines = read_lines(sys.stdin.buffer.read())
    wrong = [{"error": "encoding: save it as UTF-8 without a byte-order mark"}]
    answers = wrong if lines is None else [answer(line) for line in lines]
    sys.stdout.write("".join(json.dumps(each) + "\n" for each in answers))
    sys.exit(0 if answers and all("error" not in each for each in answers) else 1)
