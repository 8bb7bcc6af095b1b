package commit_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"baas/db/commit"
	"baas/db/kv"
)

// TestOverlayMatchesAMap makes random writes in one operation and compares
// every way of reading with a map.
func TestOverlayMatchesAMap(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	g := newGate(t)
	c := start(t, g, commit.Options{})
	model := map[string]string{}
	for round := range 60 {
		next := maps.Clone(model)
		_, err := c.Do(t.Context(), func(tx *commit.Tx) error {
			for range rng.IntN(20) {
				key := fmt.Sprintf("k%02d", rng.IntN(40))
				if rng.IntN(3) == 0 {
					delete(next, key)
					if err := tx.Delete([]byte(key)); err != nil {
						return err
					}
				} else {
					next[key] = fmt.Sprint(rng.IntN(1000))
					if err := tx.Put([]byte(key), []byte(next[key])); err != nil {
						return err
					}
				}
				compare(t, tx, next, rng, fmt.Sprintf("seed %d round %d", seed, round))
			}
			if round%5 == 4 {
				return errRefused
			}
			return nil
		})
		switch {
		case err == nil:
			model = next
		case !errors.Is(err, errRefused):
			t.Fatal(err)
		}
	}
}

func compare(t *testing.T, tx *commit.Tx, model map[string]string, rng *rand.Rand, at string) {
	t.Helper()
	key := fmt.Sprintf("k%02d", rng.IntN(40))
	want, there := model[key]
	got, err := tx.Get([]byte(key))
	if err != nil || (got != nil) != there || string(got) != want {
		t.Fatalf("%s: Get(%s) = %q, %v; want %q, there: %t", at, key, got, err, want, there)
	}
	many, err := tx.GetMany([][]byte{[]byte("none"), []byte(key)})
	if err != nil || many[0] != nil || !bytes.Equal(many[1], got) {
		t.Fatalf("%s: GetMany(none %s) = %q, %v", at, key, many, err)
	}
	r := kv.Range{Low: fmt.Appendf(nil, "k%02d", rng.IntN(40)), High: fmt.Appendf(nil, "k%02d", rng.IntN(40)), Reverse: rng.IntN(2) == 0, Limit: rng.IntN(6)}
	var wantKeys, gotKeys []string
	for _, k := range slices.Sorted(maps.Keys(model)) {
		if k >= string(r.Low) && k < string(r.High) {
			wantKeys = append(wantKeys, k+"="+model[k])
		}
	}
	if r.Reverse {
		slices.Reverse(wantKeys)
	}
	if r.Limit > 0 {
		wantKeys = wantKeys[:min(r.Limit, len(wantKeys))]
	}
	err = tx.Scan(r, func(k, v []byte) error {
		if k[0] == 'k' {
			gotKeys = append(gotKeys, string(k)+"="+string(v))
		}
		return nil
	})
	if err != nil || !slices.Equal(gotKeys, wantKeys) {
		t.Fatalf("%s: scan %s-%s reverse %t limit %d:\n got %v, %v\nwant %v", at, r.Low, r.High, r.Reverse, r.Limit, gotKeys, err, wantKeys)
	}
}

func TestScanPassesErrorsThrough(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	do(t, c, put("b", "1"))
	for _, own := range []string{"a", "b", "c"} { // before, in place of, after what is below
		_, err := c.Do(t.Context(), func(tx *commit.Tx) error {
			if err := tx.Put([]byte(own), []byte("own")); err != nil {
				return err
			}
			seen := 0
			if err := tx.Scan(kv.Range{}, func(_, v []byte) error { seen++; return kv.ErrStop }); err != nil || seen != 1 {
				t.Errorf("own %s: a stopped scan returned %v after %d entries", own, err, seen)
			}
			return tx.Scan(kv.Range{}, func(_, v []byte) error {
				if string(v) == "own" {
					return errRefused
				}
				return nil
			})
		})
		if !errors.Is(err, errRefused) {
			t.Errorf("own %s: got %v, want the function's error", own, err)
		}
	}
}

func TestTxCopies(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	do(t, c, func(tx *commit.Tx) error {
		key, value, record := []byte("k"), []byte("v"), []byte("r")
		if err := errors.Join(tx.Put(key, value), tx.Log(record)); err != nil {
			return err
		}
		key[0], value[0], record[0] = 'x', 'x', 'x'
		return nil
	})
	wantContent(t, g, "k=v")
	if got := records(t, g, 0); !slices.Equal(got, []string{"1:r"}) {
		t.Errorf("log %v, want 1:r", got)
	}
}
