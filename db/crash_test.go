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
	"baas/db/fault"
	"baas/db/kv/boltkv"
	"baas/db/plan"
	"baas/db/value"
)

// crashChild, as the first argument, makes the test binary a writer that is
// meant to be killed.
const crashChild = "crash-child"

func TestMain(m *testing.M) {
	children := map[string]func(path, round string) error{crashChild: runCrashChild, transactionChild: runTransactionChild}
	if len(os.Args) == 4 {
		if run := children[os.Args[1]]; run != nil {
			if err := run(os.Args[2], os.Args[3]); err != nil {
				log.Fatal(err)
			}
			return
		}
	}
	os.Exit(m.Run())
}

const crashWriters = 64

// runCrashChild writes from many goroutines until it is killed, and says
// before each call what it is about to do, and after it that it is done:
// "<writer> begin|done insert|update|remove <id> <n>".
func runCrashChild(path, round string) error {
	ctx := context.Background()
	store, err := boltkv.Open(path, boltkv.Options{Create: true, Identity: "dbtest", Append: db.AppendKeys})
	if err != nil {
		return err
	}
	e, err := db.Open(ctx, store, db.Options{AutoCreate: true})
	if err != nil {
		return err
	}
	if err := crashIndexes(ctx, e); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for writer := range crashWriters {
		wg.Go(func() {
			for k := 0; ; k++ {
				if err := crashCycle(ctx, e, writer, fmt.Sprintf("r%s-w%d-%d", round, writer, k), k); err != nil {
					log.Fatal(err)
				}
			}
		})
	}
	wg.Wait()
	return nil
}

// crashIndexes makes sure of two indexes, and has a third built anew while the
// writers go on.
func crashIndexes(ctx context.Context, e *db.Engine) error {
	if err := e.CreateCollection(ctx, admin, "c"); err != nil && !fault.Is(err, fault.CollectionExists) {
		return err
	}
	if err := e.DropIndex(ctx, admin, "c", "n_-1_text_1"); err != nil && !strings.Contains(err.Error(), "IndexNotFound") {
		return err
	}
	for _, spec := range []db.IndexSpec{
		{Keys: []db.IndexKey{{Path: "key"}}, Unique: true},
		{Keys: []db.IndexKey{{Path: "tags"}, {Path: "n"}}},
		{Keys: []db.IndexKey{{Path: "n", Kind: plan.Desc}, {Path: "text"}}},
	} {
		if err := e.CreateIndex(ctx, admin, "c", spec); err != nil {
			return err
		}
	}
	return nil
}

// crashCycle inserts a document, updates it, and removes every third.
func crashCycle(ctx context.Context, e *db.Engine, writer int, id string, k int) error {
	var b value.Builder
	b.AddString("_id", id)
	b.AddString("key", id)
	b.AddInt32("n", 1)
	b.Array("tags", func(a *value.ArrayBuilder) { a.AddInt32(int32(k % 3)); a.AddInt32(int32(k % 5)) })
	b.AddString("text", strings.Repeat("some text ", 50))
	byID := func() value.Doc {
		var q value.Builder
		q.AddString("_id", id)
		return q.Doc()
	}()
	var set value.Builder
	set.Object("$set", func(b *value.Builder) { b.AddInt32("n", 2) })
	set.Object("$push", func(b *value.Builder) { b.AddInt32("tags", 7) })
	steps := []struct {
		name string
		n    int
		run  func() error
	}{
		{"insert", 1, func() error { _, err := e.Insert(ctx, admin, "c", []value.Doc{b.Doc()}); return err }},
		{"update", 2, func() error {
			_, err := e.Update(ctx, admin, db.UpdateRequest{Collection: "c", Query: byID, Update: set.Doc()})
			return err
		}},
		{"remove", 0, func() error {
			_, err := e.Remove(ctx, admin, db.RemoveRequest{Collection: "c", Query: byID})
			return err
		}},
	}
	if k%3 > 0 {
		steps = steps[:2]
	}
	for _, s := range steps {
		// One write call each: lines of several writers do not mix.
		if _, err := fmt.Fprintf(os.Stdout, "%d begin %s %s %d\n", writer, s.name, id, s.n); err != nil {
			return err
		}
		if err := s.run(); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(os.Stdout, "%d done %s %s %d\n", writer, s.name, id, s.n); err != nil {
			return err
		}
	}
	return nil
}

// TestKill kills a writing process again and again, while an index is built.
// After each kill the database opens, is sound, indexes included, and holds
// exactly what was acknowledged, but for the one call of each writer that was
// under way. BAAS_KILLS sets how often.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("BAAS_KILLS")); err == nil {
		kills = n
	}
	path := filepath.Join(t.TempDir(), "db.bolt")
	known := map[string]int{} // id → n of every document that must be there
	acked := 0
	for round := range kills {
		begun := killOnce(t, path, round, known, &acked)
		e := dbtest.BoltAt(path)
		engine := e.Open(t, db.Options{})
		compareAfterKill(t, engine, round, known, begun)
		countByIndexes(t, engine, round, known)
		e.Close(t) // checks the database
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills, %d acknowledged writes", kills, acked)
	if acked == 0 {
		t.Error("nothing was acknowledged, so nothing was tested")
	}
}

// call is one line of the child.
type call struct {
	id string
	n  int // the document's n after the call; 0 means removed
}

// killOnce runs a child, kills it at a random moment after its first
// acknowledgement, enters what it has acknowledged into known and returns the
// call that each writer has not finished.
func killOnce(t *testing.T, path string, round int, known map[string]int, acked *int) map[string]call {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, crashChild, path, strconv.Itoa(round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	begun := map[string]call{}
	var killer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) != 5 {
			continue // cut off by the kill
		}
		n, _ := strconv.Atoi(f[4])
		if f[1] == "begin" {
			begun[f[0]] = call{f[3], n}
			continue
		}
		if killer == nil {
			killer = time.AfterFunc(rand.N(150*time.Millisecond), func() { _ = child.Process.Kill() })
		}
		delete(begun, f[0])
		*acked++
		if known[f[3]] = n; n == 0 {
			delete(known, f[3])
		}
	}
	_ = child.Wait() // it was killed
	if killer == nil {
		t.Fatal("the child acknowledged nothing")
	}
	return begun
}

// countByIndexes waits until all indexes are built and asks them for the
// documents.
func countByIndexes(t *testing.T, e *db.Engine, round int, known map[string]int) {
	t.Helper()
	must(t, e.WaitIndex(t.Context(), admin, "c", "n_-1_text_1"))
	updated := 0
	for _, n := range known {
		updated += n - 1
	}
	for query, want := range map[string]int{
		`{"n": 2}`: updated, `{"tags": 7}`: updated, `{"key": {"$gte": "r"}}`: len(known), `{"n": {"$gte": 1}}`: len(known),
	} {
		n, err := e.Count(t.Context(), admin, "c", dbtest.Doc(t, query))
		must(t, err)
		if int(n) != want {
			t.Errorf("round %d: %d documents fulfil %s, want %d", round, n, query, want)
		}
	}
}

func compareAfterKill(t *testing.T, e *db.Engine, round int, known map[string]int, begun map[string]call) {
	t.Helper()
	docs, err := e.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]int{}
	for _, d := range docs {
		n, _ := d.Get("n").AsInt64()
		there[d.Get("_id").Text()] = int(n)
	}
	for _, c := range begun { // done or not: both are right, so believe what is there
		if n, ok := there[c.id]; ok && n == c.n {
			known[c.id] = n
		} else if !ok && c.n == 0 {
			delete(known, c.id)
		}
	}
	for id, n := range known {
		if there[id] != n {
			t.Errorf("round %d: %s was acknowledged with n %d, now it has %d", round, id, n, there[id])
		}
	}
	if len(there) != len(known) {
		t.Errorf("round %d: %d documents are there, %d were acknowledged", round, len(there), len(known))
	}
}
