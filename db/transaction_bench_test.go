package db_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/value"
)

const (
	transferClients = 64
	transferTries   = 3 // as the SDKs' runTransaction
)

// transfers is a simulation: clients move money between two accounts of theirs
// choice, thinking a few milliseconds in between (db-engine.md section 6).
type transfers struct {
	e        *db.Engine
	accounts int
	think    func(*rand.Rand) time.Duration

	attempts, conflicts, done, given atomic.Int64
}

func newTransfers(t testing.TB, e *db.Engine, accounts int) *transfers {
	t.Helper()
	s := &transfers{e: e, accounts: accounts}
	s.think = func(r *rand.Rand) time.Duration {
		return 4*time.Millisecond + time.Duration(r.Int64N(int64(4*time.Millisecond)))
	}
	if err := e.CreateCollection(t.Context(), admin, "accounts"); err != nil {
		t.Fatal(err)
	}
	var docs []value.Doc
	for i := range accounts {
		docs = append(docs, dbtest.Doc(t, fmt.Sprintf(`{"_id": %d, "balance": 100}`, i)))
	}
	if _, err := e.Insert(t.Context(), admin, "accounts", docs); err != nil {
		t.Fatal(err)
	}
	return s
}

func accountID(i int) value.Doc {
	var b value.Builder
	b.AddInt32("_id", int32(i))
	return b.Doc()
}

// transfer is one client's wish, with its tries.
func (s *transfers) transfer(ctx context.Context, r *rand.Rand) error {
	from, to := r.IntN(s.accounts), r.IntN(s.accounts-1)
	if to >= from {
		to++
	}
	for range transferTries {
		s.attempts.Add(1)
		err := s.try(ctx, r, from, to)
		if err == nil {
			s.done.Add(1)
			return nil
		}
		if !fault.Is(err, fault.TransactionConflict) {
			return err
		}
		s.conflicts.Add(1)
	}
	s.given.Add(1)
	return nil
}

func (s *transfers) try(ctx context.Context, r *rand.Rand, from, to int) (err error) {
	id, err := s.e.Begin(ctx, admin)
	if err != nil {
		return err
	}
	tr, err := s.e.Transaction(admin, id)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tr.Abort(ctx) // it may have ended
		}
	}()
	var balances [2]int64
	for i, account := range []int{from, to} {
		docs, err := tr.Find(ctx, admin, db.FindRequest{Collection: "accounts", Query: accountID(account)})
		if err != nil {
			return err
		}
		balances[i], _ = docs[0].Get("balance").AsInt64()
	}
	if s.think != nil {
		time.Sleep(s.think(r))
	}
	for i, account := range []int{from, to} {
		var set value.Builder
		set.Object("$set", func(b *value.Builder) { b.AddInt64("balance", balances[i]+int64(2*i-1)) })
		_, err := tr.Update(ctx, admin, db.UpdateRequest{Collection: "accounts", Query: accountID(account), Update: set.Doc()})
		if err != nil {
			return err
		}
	}
	return tr.Commit(ctx)
}

// sum returns the money of a balance sheet, read by whoever d is.
func (s *transfers) sum(ctx context.Context, d documents) (sum int64, err error) {
	docs, err := d.Find(ctx, admin, db.FindRequest{Collection: "accounts"})
	for _, doc := range docs {
		n, _ := doc.Get("balance").AsInt64()
		sum += n
	}
	return sum, err
}

// BenchmarkTransfers reports, besides the time for each transfer, how many of
// 100 attempts ran into a conflict and how many of 100 transfers were given up
// after three.
func BenchmarkTransfers(b *testing.B) {
	for _, accounts := range []int{10, 100, 1000} {
		for name, think := range map[string]bool{"thinking": true, "at-once": false} {
			b.Run(fmt.Sprintf("accounts=%d/%s", accounts, name), func(b *testing.B) {
				s := newTransfers(b, dbtest.Bolt(b).Open(b, db.Options{}), accounts)
				if !think {
					s.think = nil
				}
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				b.ResetTimer()
				for client := range transferClients {
					wg.Go(func() {
						r := rand.New(rand.NewPCG(uint64(client), 7))
						for left.Add(-1) >= 0 {
							if err := s.transfer(b.Context(), r); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(100*float64(s.conflicts.Load())/float64(s.attempts.Load()), "conflicts/100")
				b.ReportMetric(100*float64(s.given.Load())/float64(b.N), "givenup/100")
				b.ReportMetric(float64(s.done.Load())/b.Elapsed().Seconds(), "transfers/s")
			})
		}
	}
}
