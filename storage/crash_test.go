package storage_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"baas/db"
	"baas/db/kv/boltkv"
	"baas/storage"
	"baas/storage/disk"
)

// crashDir tells a copy of the test program to store files until it is killed.
const crashDir = "BAAS_STORAGE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := storeUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1) // not reached unless something failed
	}
	os.Exit(m.Run())
}

// storeUntilKilled writes and overwrites files from four goroutines, and says
// on standard output which content it has been promised to be kept.
func storeUntilKilled(dir string) error {
	s, closeAll, err := openOnDisk(dir)
	if err != nil {
		return err
	}
	defer closeAll()
	failed := make(chan error)
	acks := make(chan string)
	for writer := range 4 {
		go func() {
			for n := 0; ; n++ {
				path := fmt.Sprintf("w%d/f%d", writer, n%7)
				content := strings.Repeat(fmt.Sprintf("%d-%s-%d ", os.Getpid(), path, n), 1+n*37%2000)
				if _, err := s.Write(background, admin, path, strings.NewReader(content), -1, ""); err != nil {
					failed <- err
					return
				}
				sum := sha256.Sum256([]byte(content))
				acks <- path + " " + hex.EncodeToString(sum[:])
			}
		}()
	}
	for {
		select {
		case err := <-failed:
			return err
		case ack := <-acks:
			fmt.Println(ack) // one write, whole or not at all
		}
	}
}

// openOnDisk opens an env over real files, as the server does.
func openOnDisk(dir string) (s *storage.Service, closeAll func(), err error) {
	store, err := boltkv.Open(filepath.Join(dir, "db.bolt"), boltkv.Options{Create: true, Identity: "crash", Append: db.AppendKeys})
	if err != nil {
		return nil, nil, err
	}
	engine, err := db.Open(background, store, db.Options{})
	if err != nil {
		return nil, nil, err
	}
	driver, err := disk.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return nil, nil, err
	}
	s = storage.New(storage.Options{
		Env: "dev", Bucket: "b", Driver: driver, DB: engine, Key: make([]byte, 32),
		Limits: storage.Limits{SweepEvery: -1, SweepGrace: time.Nanosecond},
	})
	return s, func() { _ = s.Close(); _ = engine.Close(); _ = store.Close() }, nil
}

// After a kill in the middle of everything, what was acknowledged is there,
// each row has its bytes, and a sweep leaves exactly one object per row.
func TestKilledWhileStoring(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := acknowledged{map[string][]string{}, map[string]bool{}}
	for round := range 5 {
		acked.killAfter(t, dir, 20+round*30)
		s, closeAll, err := openOnDisk(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		files, err := s.List(t.Context(), admin, "", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if got := digestOf(t, s, f); got != f.SHA256 {
				t.Errorf("round %d: %s has the digest %s, its row says %s", round, f.Path, got, f.SHA256)
			}
			if !acked.mayBe(f.Path, f.SHA256) {
				t.Errorf("round %d: %s went back to an older content", round, f.Path)
			}
			delete(acked.unseen, f.Path)
		}
		if len(acked.unseen) > 0 {
			t.Errorf("round %d: acknowledged and gone: %v", round, acked.unseen)
		}
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		swept, err := s.Sweep(t.Context())
		if err != nil || swept.Objects != len(files) || swept.Unused != 0 {
			t.Errorf("round %d: after a sweep %+v, %v; want %d objects", round, swept, err, len(files))
		}
		closeAll()
	}
}

// acknowledged is what the killed programs have promised.
type acknowledged struct {
	history map[string][]string // digests per path, oldest first; no two are equal
	unseen  map[string]bool     // paths that have not been found in the rows
}

// mayBe reports whether a content may be the one at path: the newest that was
// acknowledged, or a newer one whose acknowledgement was cut off.
func (a acknowledged) mayBe(path, digest string) bool {
	for i, d := range a.history[path] {
		if d == digest {
			return i == len(a.history[path])-1
		}
	}
	return true
}

// killAfter runs the storing program and kills it after a number of
// acknowledgements.
func (a acknowledged) killAfter(t *testing.T, dir string, acks int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		path, digest, _ := strings.Cut(lines.Text(), " ")
		a.history[path] = append(a.history[path], digest)
		a.unseen[path] = true
		if n == acks {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if len(a.unseen) == 0 {
		t.Fatal("the program acknowledged nothing")
	}
}

func digestOf(t *testing.T, s *storage.Service, f storage.File) string {
	t.Helper()
	r, err := s.OpenFile(t.Context(), f, 0, -1)
	if err != nil {
		t.Errorf("the row of %s has no bytes: %v", f.Path, err)
		return ""
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Error(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}
