package db_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/kv/boltkv"
	"baas/db/value"
)

// transactionChild, as the first argument, makes the test binary a writer of
// transactions that is meant to be killed.
const transactionChild = "transaction-child"

// runTransactionChild commits transactions from many goroutines until it is
// killed, and says the name of each that was acknowledged.
func runTransactionChild(path, round string) error {
	ctx := context.Background()
	store, err := boltkv.Open(path, boltkv.Options{Create: true, Identity: "dbtest", Append: db.AppendKeys})
	if err != nil {
		return err
	}
	e, err := db.Open(ctx, store, db.Options{})
	if err != nil {
		return err
	}
	for _, coll := range []string{"a", "b"} {
		_ = e.CreateCollection(ctx, admin, coll) // a later round finds it
	}
	var wg sync.WaitGroup
	for writer := range 8 {
		wg.Go(func() {
			for k := 0; ; k++ {
				name := fmt.Sprintf("r%s-w%d-%d", round, writer, k)
				if err := crashTransaction(ctx, e, fmt.Sprintf("w%d", writer), name); err != nil {
					log.Fatal(err)
				}
				if _, err := fmt.Fprintln(os.Stdout, name); err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return nil
}

// crashDocs is how many documents a transaction writes to each collection.
const crashDocs = 5

// crashTransaction inserts documents into two collections, changes one of the
// writer's own and removes one that it has inserted itself.
func crashTransaction(ctx context.Context, e *db.Engine, writer, name string) error {
	id, err := e.Begin(ctx, admin)
	if err != nil {
		return err
	}
	tr, err := e.Transaction(admin, id)
	if err != nil {
		return err
	}
	for _, coll := range []string{"a", "b"} {
		for n := range crashDocs + 1 {
			var b value.Builder
			b.AddString("_id", fmt.Sprintf("%s-%d", name, n))
			b.AddString("tx", name)
			if _, err := tr.Insert(ctx, admin, coll, []value.Doc{b.Doc()}); err != nil {
				return err
			}
		}
		var q value.Builder
		q.AddString("_id", fmt.Sprintf("%s-%d", name, crashDocs))
		if _, err := tr.Remove(ctx, admin, db.RemoveRequest{Collection: coll, Query: q.Doc()}); err != nil {
			return err
		}
	}
	var q, set value.Builder
	q.AddString("_id", writer)
	set.Object("$set", func(b *value.Builder) { b.AddString("last", name) })
	if _, err := tr.Update(ctx, admin, db.UpdateRequest{Collection: "a", Query: q.Doc(), Update: set.Doc(), Upsert: true}); err != nil {
		return err
	}
	return tr.Commit(ctx)
}

// TestKillTransactions kills a process that commits transactions again and
// again. After each kill every transaction is there whole or not at all, and
// those that were acknowledged are there.
func TestKillTransactions(t *testing.T) {
	t.Parallel()
	kills := 3
	if n, err := strconv.Atoi(os.Getenv("BAAS_KILLS")); err == nil {
		kills = n
	}
	path := filepath.Join(t.TempDir(), "db.bolt")
	acked := map[string]bool{}
	for round := range kills {
		killTransactions(t, path, round, acked)
		disk := dbtest.BoltAt(path)
		checkTransactions(t, disk.Open(t, db.Options{}), acked)
		disk.Close(t)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills, %d acknowledged transactions", kills, len(acked))
}

func killTransactions(t *testing.T, path string, round int, acked map[string]bool) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	child := exec.CommandContext(t.Context(), self, transactionChild, path, strconv.Itoa(round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var killer *time.Timer
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut off counts for nothing
		}
		acked[strings.TrimSpace(line)] = true
		if killer == nil {
			killer = time.AfterFunc(rand.N(200*time.Millisecond), func() { _ = child.Process.Kill() })
		}
	}
	_ = child.Wait() // it was killed
	if killer == nil {
		t.Fatal("the child acknowledged nothing")
	}
}

func checkTransactions(t *testing.T, e *db.Engine, acked map[string]bool) {
	t.Helper()
	counts := map[string]map[string]int{}
	var lasts []string
	for _, coll := range []string{"a", "b"} {
		counts[coll] = map[string]int{}
		for _, d := range find(t, e, db.FindRequest{Collection: coll}) {
			if last := d.Get("last"); !last.IsMissing() {
				lasts = append(lasts, last.Text())
				continue
			}
			counts[coll][d.Get("tx").Text()]++
		}
	}
	for name, n := range counts["a"] {
		if n != crashDocs || counts["b"][name] != crashDocs {
			t.Errorf("%s has %d documents in a and %d in b, want %d in each", name, n, counts["b"][name], crashDocs)
		}
	}
	if len(counts["b"]) != len(counts["a"]) {
		t.Errorf("%d transactions are in a, %d in b", len(counts["a"]), len(counts["b"]))
	}
	for name := range acked {
		if counts["a"][name] == 0 {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	for _, last := range lasts {
		if counts["a"][last] == 0 {
			t.Errorf("a document names %s, of which nothing else is there", last)
		}
	}
}
