package txn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"baas/db/txn"
)

const (
	hold = time.Second
	wait = time.Second
)

func keys(names string) (list []txn.Key) {
	for _, name := range strings.Fields(names) {
		list = append(list, txn.Key{Coll: 1, ID: name})
	}
	return list
}

func newIntents() *txn.Intents { return txn.NewIntents(time.Now, hold, wait) }

// enter begins a transaction with a document and says how long it waited.
func enter(x *txn.Intents, t *txn.Turn, who, first string) time.Duration {
	began := time.Now()
	x.Enter(context.Background(), t, who, keys(first)[0])
	return time.Since(began)
}

// taken shows which of a, b and c others hold.
func taken(x *txn.Intents, t *txn.Turn) string {
	var out []string
	for _, k := range keys("a b c") {
		if x.Taken(t, k) {
			out = append(out, k.ID)
		}
	}
	return strings.Join(out, " ")
}

// inBubble runs a test on a clock of its own.
func inBubble(t *testing.T, name string, fn func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, fn)
	})
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestIntents(t *testing.T) {
	t.Parallel()
	inBubble(t, "without conflicts nobody holds anything", func(t *testing.T) {
		x := newIntents()
		var one, two txn.Turn
		want(t, "waited", enter(x, &one, "p", "a")+enter(x, &two, "p", "a"), "0s")
		want(t, "taken", taken(x, &two), "")
	})
	inBubble(t, "after a conflict the next try holds all of the last", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("b a"))
		var stranger, retry, later txn.Turn
		enter(x, &stranger, "q", "c")
		enter(x, &retry, "p", "b")
		want(t, "taken", taken(x, &later), "a b")
		want(t, "taken for itself", taken(x, &retry), "")
		x.Leave(&retry)
		want(t, "taken after it left", taken(x, &later), "")
	})
	inBubble(t, "another caller takes only the hot document", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("b a"))
		var stranger, later txn.Turn
		enter(x, &stranger, "q", "b")
		want(t, "taken", taken(x, &later), "b")
	})
	inBubble(t, "what is taken is waited for, in line", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("a"))
		var order []int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				var turn txn.Turn
				enter(x, &turn, "p", "a")
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
				x.Leave(&turn)
			})
			synctest.Wait()
		}
		wg.Wait()
		want(t, "order", order, "[0 1 2 3 4]")
	})
	inBubble(t, "whoever waits holds nothing", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("a"))
		x.Conflict("p", keys("b a c"))
		var one, two, three txn.Turn
		enter(x, &one, "p", "a")
		var waited time.Duration
		var wg sync.WaitGroup
		wg.Go(func() { waited = enter(x, &two, "p", "b") })
		synctest.Wait()
		want(t, "taken", taken(x, &three), "a")
		time.Sleep(100 * time.Millisecond)
		x.Leave(&one)
		wg.Wait()
		want(t, "waited", waited, 100*time.Millisecond)
		want(t, "taken", taken(x, &three), "a b c")
	})
	inBubble(t, "what one has long waited for is kept for him", func(t *testing.T) {
		x := newIntents()
		for _, names := range []string{"a", "b", "c a b", "a"} {
			x.Conflict("p", keys(names))
		}
		var a, b, both, again txn.Turn
		enter(x, &a, "p", "a")
		enter(x, &b, "p", "b")
		var wg sync.WaitGroup
		var first []string
		wg.Go(func() { enter(x, &both, "p", "c"); first = append(first, "both"); x.Leave(&both) })
		time.Sleep(wait/4 + time.Millisecond)
		wg.Go(func() { enter(x, &again, "p", "a"); first = append(first, "again") })
		synctest.Wait()
		x.Leave(&a)
		synctest.Wait()
		want(t, "in", first, "[]")
		x.Leave(&b)
		wg.Wait()
		want(t, "in", first, "[both again]")
	})
	inBubble(t, "an intent lapses", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("a"))
		var stuck, next, later txn.Turn
		enter(x, &stuck, "p", "a")
		time.Sleep(hold / 2)
		want(t, "waited", enter(x, &next, "p", "a"), hold/2)
		want(t, "taken from the next", taken(x, &later), "a")
		x.Leave(&stuck)
		want(t, "taken after the first left", taken(x, &later), "a")
	})
	inBubble(t, "waiting ends", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("a"))
		var turns [4]txn.Turn
		enter(x, &turns[0], "p", "a")
		time.Sleep(hold / 10)
		var wg sync.WaitGroup
		for i := range turns[1:] {
			wg.Go(func() {
				if d := enter(x, &turns[i+1], "p", "a"); d > wait {
					t.Errorf("waited %s", d)
				}
			})
		}
		wg.Wait()
	})
	inBubble(t, "waiting ends with the context", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("a"))
		var one, two, three txn.Turn
		enter(x, &one, "p", "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		began := time.Now()
		x.Enter(ctx, &two, "p", keys("a")[0])
		want(t, "waited", time.Since(began), time.Millisecond)
		x.Leave(&one)
		want(t, "taken", taken(x, &three), "")
	})
	inBubble(t, "all is forgotten", func(t *testing.T) {
		x := newIntents()
		x.Conflict("p", keys("a b"))
		time.Sleep(hold)
		var one, two txn.Turn
		enter(x, &one, "p", "a")
		want(t, "taken", taken(x, &two), "")
	})
	inBubble(t, "a flood of conflicts is bounded", func(t *testing.T) {
		x := newIntents()
		for i := range 20_000 {
			x.Conflict("p", []txn.Key{{Coll: 1, ID: fmt.Sprint(i)}})
		}
		var one, two txn.Turn
		x.Enter(t.Context(), &one, "p", txn.Key{Coll: 1, ID: "19999"})
		want(t, "the last is taken", x.Taken(&two, txn.Key{Coll: 1, ID: "19999"}), false)
		time.Sleep(hold)
		x.Conflict("p", keys("a"))
		enter(x, &one, "p", "a")
		want(t, "taken after a while", taken(x, &two), "a")
	})
	inBubble(t, "long footprints are cut", func(t *testing.T) {
		x := newIntents()
		var many []txn.Key
		for i := range 100 {
			many = append(many, txn.Key{Coll: 1, ID: fmt.Sprint(i)})
		}
		x.Conflict("p", many)
		x.Conflict("p", nil)
		var one, two txn.Turn
		enter(x, &one, "p", "0")
		want(t, "the 32nd is taken", x.Taken(&two, many[31]), true)
		want(t, "the 33rd is taken", x.Taken(&two, many[32]), false)
	})
}

// TestIntentsExclude lets many transactions with random footprints come and go:
// no document is ever held twice, and all get their turn soon enough.
func TestIntentsExclude(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		x := newIntents()
		var mu sync.Mutex
		holders := map[string]int{}
		most := time.Duration(0)
		var wg sync.WaitGroup
		for client := range 40 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, uint64(client)))
				for range 25 {
					names := strings.Fields("a b c d e f g h")
					r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
					names = names[:1+r.IntN(3)]
					who := fmt.Sprint(client)
					x.Conflict(who, keys(strings.Join(names, " ")))
					var turn txn.Turn
					waited := enter(x, &turn, who, names[0])
					mu.Lock()
					most = max(most, waited)
					for _, name := range names {
						if x.Taken(&turn, keys(name)[0]) {
							t.Errorf("client %d has no intent of %s after %s", client, name, waited)
						}
						if holders[name]++; holders[name] > 1 {
							t.Errorf("%s is held twice", name)
						}
					}
					mu.Unlock()
					time.Sleep(time.Duration(r.IntN(8)) * time.Millisecond)
					mu.Lock()
					for _, name := range names {
						holders[name]--
					}
					mu.Unlock()
					x.Leave(&turn)
				}
			})
		}
		wg.Wait()
		t.Logf("the longest wait was %s", most)
	})
}
