// A judge that nobody of this project wrote: golang.org/x/mod/sumdb (note, tlog), which runs Go's checksum database.
// It is told `log <folder> <vkey> <witness vkey>` to judge the files of a log, or `proofs` to judge proofs on standard
// input, a JSON object a line, with a verdict a line in return.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Printf("refused: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func need(holds bool, what string) {
	if !holds {
		fmt.Printf("refused: %s\n", what)
		os.Exit(1)
	}
}

// files reads the tiles of C2SP tlog-tiles: those of sumdb of height 8, without the height in their path.
type files string

func (f files) Height() int { return 8 }
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

// cosigner is a note.Verifier for c2sp.org/tlog-cosignature v1.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(header), msg...), sig[8:])
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	check(err, "the witness's vkey")
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), typed...))
	need(hex.EncodeToString(sum[:4]) == parts[1] && typed[0] == 4, "the witness's vkey")
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), ed25519.PublicKey(typed[1:])}
}

// judgeLog verifies checkpoint, cosignature, every tile and every entry of every bundle.
func judgeLog(folder, vkey, witness string) {
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	check(err, "checkpoint")
	verifier, err := note.NewVerifier(vkey)
	check(err, "vkey")
	opened, err := note.Open(message, note.VerifierList(verifier, newCosigner(witness)))
	check(err, "note")
	need(len(opened.Sigs) == 2 && len(opened.UnverifiedSigs) == 0, "log and witness signed")
	lines := strings.Split(opened.Text, "\n")
	need(len(lines) == 4 && lines[0] == verifier.Name(), "the checkpoint's lines")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := tlog.ParseHash(lines[2])
	check(err, "root")
	if size == 0 {
		need(root == tlog.Hash(sha256.Sum256(nil)), "the empty root")
		fmt.Println("holds: 0 entries")
		return
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, files(folder))
	computed, err := tlog.TreeHash(size, reader)
	check(err, "tree hash")
	need(computed == root, "the root of the tiles")
	var made stored
	for start := int64(0); start < size; start += 256 {
		made = judgeBundle(folder, reader, start, size, made)
	}
	judgeTiles(folder, size, root, made)
	fmt.Printf("holds: %d entries\n", size)
}

// stored are the hashes of a tree in the order in which tlog numbers them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, index := range indexes {
		out = append(out, s[index])
	}
	return out, nil
}

// judgeTiles makes every tile again from the entries. The reader above does not do: it authenticates the tiles that come
// after as many as the tree's size has bits set, while those that lead to the root may be fewer, because they are shared.
func judgeTiles(folder string, size int64, root tlog.Hash, made stored) {
	computed, err := tlog.TreeHash(size, made)
	check(err, "tree hash of the entries")
	need(computed == root, "the root of the entries")
	for level, count := 0, size; count > 0; level, count = level+1, count>>8 {
		for start := int64(0); start < count; start += 256 {
			tile := tlog.Tile{H: 8, L: level, N: start >> 8, W: widthAt(start, count)}
			should, err := tlog.ReadTileData(tile, made)
			check(err, "tile of the entries")
			is, err := files(folder).ReadTiles([]tlog.Tile{tile})
			check(err, "tile")
			need(bytes.Equal(is[0], should), "a tile's hashes")
		}
	}
}

// widthAt is how many of so many hashes the tile that begins there holds.
func widthAt(start, count int64) int {
	if count-start > 256 {
		return 256
	}
	return int(count - start)
}

// judgeBundle adds what its entries store to what those before them did.
func judgeBundle(folder string, reader tlog.HashReader, start, size int64, made stored) stored {
	width := widthAt(start, size)
	tile := tlog.Tile{H: 8, L: 0, N: start / 256, W: width}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	bundle, err := os.ReadFile(filepath.Join(folder, path))
	check(err, "bundle")
	var indexes []int64
	for n := start; n < start+int64(width); n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, n))
	}
	hashes, err := reader.ReadHashes(indexes)
	check(err, "leaf hashes")
	for place, hash := range hashes {
		need(len(bundle) >= 2, "a bundle's length")
		length := int(binary.BigEndian.Uint16(bundle))
		need(len(bundle) >= 2+length, "a bundle's entry")
		need(tlog.RecordHash(bundle[2:2+length]) == hash, "an entry's hash")
		more, err := tlog.StoredHashesForRecordHash(start+int64(place), hash, made)
		check(err, "stored hashes")
		made = append(made, more...)
		bundle = bundle[2+length:]
	}
	need(len(bundle) == 0, "the end of a bundle")
	return made
}

type proof struct {
	LeafHash, Root, OldRoot string
	Index, Size, OldSize    int64
	Proof                   []string
}

// verdict judges an inclusion, or a consistency where an old root is given.
func verdict(line []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(line))
	var asked proof
	if decoder.Decode(&asked) != nil {
		return false
	}
	hash := func(text string) (h tlog.Hash, ok bool) {
		h, err := tlog.ParseHash(text)
		return h, err == nil
	}
	root, ok := hash(asked.Root)
	if !ok {
		return false
	}
	var hashes []tlog.Hash
	for _, text := range asked.Proof {
		each, ok := hash(text)
		if !ok {
			return false
		}
		hashes = append(hashes, each)
	}
	if asked.OldRoot != "" {
		old, ok := hash(asked.OldRoot)
		return ok && tlog.CheckTree(hashes, asked.Size, root, asked.OldSize, old) == nil
	}
	leaf, ok := hash(asked.LeafHash)
	return ok && tlog.CheckRecord(hashes, asked.Size, root, asked.Index, leaf) == nil
}

func main() {
	if os.Args[1] == "log" {
		judgeLog(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		fmt.Println(verdict(lines.Bytes()))
	}
	check(lines.Err(), "standard input")
}
