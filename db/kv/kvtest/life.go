package kvtest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"baas/db/kv"
)

// runLife: closing, and what is there after opening again.
func runLife(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	t.Run("ClosedStoreRefuses", func(t *testing.T) {
		t.Parallel()
		s := newHarness(t).Open(t)
		check(t, s.Close())
		if err := s.View(t.Context(), func(kv.Reader) error { return nil }); !errors.Is(err, kv.ErrClosed) {
			t.Errorf("View: %v, want ErrClosed", err)
		}
		if err := s.Commit(t.Context(), func(kv.Writer) error { return nil }); !errors.Is(err, kv.ErrClosed) {
			t.Errorf("Commit: %v, want ErrClosed", err)
		}
		check(t, s.Close())
	})
	t.Run("CloseWaitsForAView", func(t *testing.T) {
		t.Parallel()
		s := newHarness(t).Open(t)
		put(t, s, entry{"a", "1"})
		opened, closing, done := make(chan struct{}), make(chan error, 1), make(chan error, 1)
		go func() {
			done <- s.View(t.Context(), func(r kv.Reader) error {
				close(opened)
				v, err := r.Get([]byte("a"))
				if err == nil && string(v) != "1" {
					err = fmt.Errorf("under a waiting Close, Get gives %q", v)
				}
				return err
			})
		}()
		<-opened
		go func() { closing <- s.Close() }()
		check(t, <-done)
		check(t, <-closing)
	})
	t.Run("CommittedIsThereAfterReopening", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		want := numbered(1000)
		for round := range 3 {
			s := h.Open(t)
			put(t, s, want[round*300:(round+1)*300]...)
			check(t, s.Close())
		}
		s := h.Open(t)
		wantEntries(t, all(t, s), want[:900])
		check(t, s.Close())
	})
}

// modelSteps is how many commits the model test makes.
const modelSteps = 150

// runModel makes random commits, some of which fail, compares the store with
// a sorted map after each, and reopens it in between.
func runModel(t *testing.T, h Harness) {
	t.Helper()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	model := map[string]string{}
	s := h.Open(t)
	for step := range modelSteps {
		next := maps.Clone(model)
		fail := rng.IntN(8) == 0
		err := s.Commit(t.Context(), func(w kv.Writer) error {
			for range 1 + rng.IntN(30) {
				key := randomKey(rng)
				if rng.IntN(3) == 0 {
					delete(next, key)
					check(t, w.Delete([]byte(key)))
				} else {
					next[key] = string(filled(byte(rng.Uint32()), rng.IntN(2000)))
					check(t, w.Put([]byte(key), []byte(next[key])))
				}
			}
			compare(t, w, next, rng, seed, step)
			if fail {
				return errRefused
			}
			return nil
		})
		if fail != errors.Is(err, errRefused) || (!fail && err != nil) {
			t.Fatalf("seed %d step %d: Commit returned %v, meant to fail: %t", seed, step, err, fail)
		}
		if !fail {
			model = next
		}
		check(t, s.View(t.Context(), func(r kv.Reader) error {
			compare(t, r, model, rng, seed, step)
			return nil
		}))
		if step%40 == 39 {
			check(t, s.Close())
			s = h.Open(t)
		}
	}
	check(t, s.Close())
}

// compare checks a random range, in a random direction, against the model.
func compare(t *testing.T, r kv.Reader, model map[string]string, rng *rand.Rand, seed uint64, step int) {
	t.Helper()
	rg := kv.Range{Reverse: rng.IntN(2) == 0}
	if rng.IntN(3) > 0 {
		rg.Low = []byte(randomKey(rng))
	}
	if rng.IntN(3) > 0 {
		rg.High = []byte(randomKey(rng))
	}
	var want []entry
	for _, k := range slices.Sorted(maps.Keys(model)) {
		if k >= string(rg.Low) && (rg.High == nil || k < string(rg.High)) {
			want = append(want, entry{k, model[k]})
		}
	}
	if rg.Reverse {
		slices.Reverse(want)
	}
	got, err := scan(r, rg)
	check(t, err)
	if !slices.Equal(got, want) {
		t.Fatalf("seed %d step %d: scan [%q, %q) reverse %t gave %d entries, the model has %d",
			seed, step, rg.Low, rg.High, rg.Reverse, len(got), len(want))
	}
}

// randomKey is one of about 500 keys under three first bytes.
func randomKey(rng *rand.Rand) string {
	return fmt.Sprintf("%c%0*d", "adz"[rng.IntN(3)], 1+rng.IntN(3), rng.IntN(90))
}
