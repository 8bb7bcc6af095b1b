// Package valuetest reads documents and case files in the tests of the rooms
// that work on raw BSON. Only tests import it.
package valuetest

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"baas/db/value"
)

// Now is what server dates in case files resolve against.
var Now = time.UnixMilli(1700000000000)

// Doc reads an extended-JSON object, or fails the test.
func Doc(t testing.TB, text string) value.Doc {
	t.Helper()
	d, err := value.ParseJSON([]byte(text), value.ParseOptions{Now: Now})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// Text writes a document as canonical extended JSON: types and order show.
func Text(d value.Doc) string {
	return string(value.AppendCanonical(nil, value.FromDoc(d)))
}

// Lines returns the lines of a case file, or fails the test.
func Lines(t testing.TB, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if line := bytes.TrimSpace(s.Bytes()); len(line) > 0 {
			out = append(out, bytes.Clone(line))
		}
	}
	if err := s.Err(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// Golden returns the path of a file of the golden cases, which are not part of
// this repository. They are looked for in $BAAS_CONFORMANCE_DIR, or else beside
// the repository in ../shared/conformance. ok is false when they are absent; in
// CI that fails the test.
func Golden(t testing.TB, name string) (path string, ok bool) {
	t.Helper()
	root := repository(t)
	dir := os.Getenv("BAAS_CONFORMANCE_DIR")
	if dir == "" {
		dir = filepath.Join("..", "shared", "conformance")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	path = filepath.Join(dir, "documentdb", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the golden cases are missing; set BAAS_CONFORMANCE_DIR: %v", err)
		}
		t.Logf("golden cases not found, running the committed ones only: %v", err)
		return "", false
	}
	return path, true
}

// repository returns the folder that holds go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}
