package db_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/value"
)

// TestTransfersBalance moves money between accounts from many goroutines while
// audits, inside transactions and in plain snapshots, add it up: each must find
// all of it, always.
func TestTransfersBalance(t *testing.T) {
	t.Parallel()
	const accounts, clients, each = 10, 8, 25
	s := newTransfers(t, dbtest.Bolt(t).Open(t, db.Options{}), accounts)
	s.think = nil
	db.SetViewBound(s.e, 3)
	ctx := t.Context()
	moved := make(chan struct{}, 1) // one-slot: something to audit
	var audits atomic.Int64
	audit := func() error {
		tr := begin(t, s.e, admin)
		for range 2 {
			sum, err := s.sum(ctx, tr)
			if err != nil {
				return err
			}
			if sum != accounts*100 {
				t.Errorf("an audit found %d", sum)
			}
		}
		audits.Add(1)
		return tr.Commit(ctx) // it has written nothing: this never fails
	}
	var auditors, movers sync.WaitGroup
	for range 2 {
		auditors.Go(func() {
			for range moved {
				if err := audit(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for client := range clients {
		movers.Go(func() {
			r := rand.New(rand.NewPCG(rand.Uint64(), uint64(client)))
			for range each {
				if err := s.transfer(ctx, r); err != nil {
					t.Error(err)
					return
				}
				select {
				case moved <- struct{}{}:
				default:
				}
			}
		})
	}
	movers.Wait()
	close(moved)
	auditors.Wait()
	sum, err := s.sum(ctx, s.e)
	must(t, err)
	equal(t, "sum", sum, int64(accounts*100))
	t.Logf("%d transfers of %d attempts, %d given up, %d audits", s.done.Load(), s.attempts.Load(), s.given.Load(), audits.Load())
	if s.done.Load() == 0 || audits.Load() == 0 {
		t.Error("nothing was done, so nothing was tested")
	}
}

// A history of transactions on a few registers, for a judge who knows nothing
// of how they work: each must seem to happen at one moment between its first
// call and the end of its last. That is strict serialisability; write skew,
// lost updates, phantoms and stale or torn reads all break it.

// deed is one operation of a transaction, with what it gave.
type deed struct {
	kind string // read, write, remove, sum
	key  int
	n    int64 // written, or what was read; absent reads -1
}

const historyKeys = 4

// registers is the judge's model: the value of each key, -1 for none.
func registers() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return [historyKeys]int64{-1, -1, -1, -1} },
		Step: func(state, _, output any) (bool, any) {
			now := state.([historyKeys]int64)
			for _, s := range output.([]deed) {
				switch s.kind {
				case "read":
					if now[s.key] != s.n {
						return false, nil
					}
				case "write":
					now[s.key] = s.n
				case "remove":
					now[s.key] = -1
				case "sum":
					sum := int64(0)
					for _, n := range now {
						sum += max(n, 0)
					}
					if sum != s.n {
						return false, nil
					}
				}
			}
			return true, now
		},
		DescribeOperation: func(_, output any) string { return fmt.Sprint(output) },
	}
}

// historian makes random transactions and records those that committed.
type historian struct {
	e         *db.Engine
	start     time.Time
	value     atomic.Int64 // every written value is another one
	mu        sync.Mutex   // guards ops
	ops       []porcupine.Operation
	conflicts atomic.Int64
}

// TestHistoriesAreSerial lets clients run random transactions on a few
// documents at once, some plain writes among them, and asks porcupine whether
// there is an order in which they could have happened one after the other.
func TestHistoriesAreSerial(t *testing.T) {
	t.Parallel()
	const rounds, clients, each = 6, 5, 30
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			h := &historian{e: openWith(t, "c"), start: time.Now()}
			db.SetViewBound(h.e, 2)
			var wg sync.WaitGroup
			for client := range clients {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, uint64(client)))
					for range each {
						h.one(t, r, client)
					}
				})
			}
			wg.Wait()
			t.Logf("%d committed, %d conflicts", len(h.ops), h.conflicts.Load())
			if h.conflicts.Load() == 0 || len(h.ops) < clients*each/4 {
				t.Error("too little happened at once, so little was tested")
			}
			if res, _ := porcupine.CheckOperationsVerbose(registers(), h.ops, time.Minute); res != porcupine.Ok {
				t.Errorf("the history is %s", res)
				for _, op := range h.ops {
					t.Logf("client %d, %d to %d: %v", op.ClientId, op.Call, op.Return, op.Output)
				}
			}
		})
	}
}

// one runs one transaction, or a plain write, and records it when it counts.
func (h *historian) one(t *testing.T, r *rand.Rand, client int) {
	call := time.Since(h.start)
	var steps []deed
	var err error
	if r.IntN(5) == 0 {
		steps, err = h.plain(t.Context(), r)
	} else {
		steps, err = h.transaction(t, r)
	}
	switch {
	case fault.Is(err, fault.TransactionConflict), fault.Is(err, fault.DuplicateWrite):
		h.conflicts.Add(1)
		return
	case err != nil:
		t.Error(err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Call: call.Nanoseconds(), Output: steps, Return: time.Since(h.start).Nanoseconds()})
}

func (h *historian) plain(ctx context.Context, r *rand.Rand) ([]deed, error) {
	s := deed{kind: "write", key: r.IntN(historyKeys), n: h.value.Add(1)}
	return []deed{s}, h.put(ctx, h.e, s)
}

func (h *historian) transaction(t *testing.T, r *rand.Rand) ([]deed, error) {
	ctx := t.Context()
	tr := begin(t, h.e, admin)
	var steps []deed
	for range 2 + r.IntN(3) {
		s, err := h.step(ctx, tr, r)
		if err != nil {
			_ = tr.Abort(ctx)
			return nil, err
		}
		steps = append(steps, s...)
	}
	return steps, tr.Commit(ctx)
}

func (h *historian) step(ctx context.Context, tr *db.Transaction, r *rand.Rand) ([]deed, error) {
	key := r.IntN(historyKeys)
	switch r.IntN(8) {
	case 0, 1, 2:
		docs, err := tr.Find(ctx, admin, db.FindRequest{Collection: "c", Query: accountID(key)})
		s := deed{"read", key, -1}
		if len(docs) > 0 {
			s.n, _ = docs[0].Get("n").AsInt64()
		}
		return []deed{s}, err
	case 3:
		docs, err := tr.Find(ctx, admin, db.FindRequest{Collection: "c"})
		s := deed{kind: "sum"}
		for _, d := range docs {
			n, _ := d.Get("n").AsInt64()
			s.n += n
		}
		return []deed{s}, err
	case 4:
		_, err := tr.Remove(ctx, admin, db.RemoveRequest{Collection: "c", Query: accountID(key)})
		return []deed{{kind: "remove", key: key}}, err
	case 5:
		return h.bump(ctx, tr)
	default:
		s := deed{"write", key, h.value.Add(1)}
		return []deed{s}, h.put(ctx, tr, s)
	}
}

// put writes a register, whether it is there or not.
func (h *historian) put(ctx context.Context, d documents, s deed) error {
	var set value.Builder
	set.Object("$set", func(b *value.Builder) { b.AddInt64("n", s.n) })
	_, err := d.Update(ctx, admin, db.UpdateRequest{Collection: "c", Query: accountID(s.key), Update: set.Doc(), Upsert: true})
	return err
}

// bump writes the register with the smallest value, which a condition finds.
func (h *historian) bump(ctx context.Context, tr *db.Transaction) ([]deed, error) {
	docs, err := tr.Find(ctx, admin, db.FindRequest{Collection: "c"})
	if err != nil || len(docs) == 0 {
		return []deed{{kind: "sum"}}, err
	}
	var steps []deed
	for _, d := range docs {
		id, _ := d.Get("_id").AsInt64()
		n, _ := d.Get("n").AsInt64()
		steps = append(steps, deed{"read", int(id), n})
	}
	least := slices.MinFunc(steps, func(a, b deed) int { return int(a.n - b.n) })
	var q, set value.Builder
	q.AddInt64("n", least.n)
	to := deed{"write", least.key, h.value.Add(1)}
	set.Object("$set", func(b *value.Builder) { b.AddInt64("n", to.n) })
	res, err := tr.Update(ctx, admin, db.UpdateRequest{Collection: "c", Query: q.Doc(), Update: set.Doc()})
	if err == nil && res.Matched != 1 {
		err = fmt.Errorf("%d documents matched what was just read: %s", res.Matched, strings.Join(strings.Fields(dbtest.JSON(docs...)), " "))
	}
	return append(steps, to), err
}
