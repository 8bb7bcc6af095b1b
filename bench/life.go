package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"baas/db"
)

// openClean times opening a file that was closed in order.
func openClean(ctx context.Context, s sizes) (figure, error) {
	e, err := filled(ctx, s.scanned, "owner")
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	if err := e.shut(); err != nil {
		return figure{}, err
	}
	start := time.Now()
	if err := e.open(ctx, e.path(), nil); err != nil {
		return figure{}, err
	}
	took := time.Since(start)
	return figure{value: float64(took.Microseconds()) / 1000, detail: size(e.path())}, nil
}

// openKilled times opening what a killed process leaves: the file as it is while
// the engine runs.
func openKilled(ctx context.Context, s sizes) (figure, error) {
	e, err := filled(ctx, s.scanned, "owner")
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	left := filepath.Join(e.dir, "left.bolt")
	if err := copyFile(left, e.path()); err != nil {
		return figure{}, err
	}
	other := &engine{}
	start := time.Now()
	if err := other.open(ctx, left, nil); err != nil {
		return figure{}, err
	}
	took := time.Since(start)
	info, err := os.Stat(left)
	if err != nil {
		return figure{}, err
	}
	return figure{value: took.Seconds() / (float64(info.Size()) / (1 << 30)), detail: fmt.Sprintf("%v, %s", took.Round(time.Millisecond), size(left))}, other.shut()
}

func copyFile(to, from string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		return err
	}
	return dst.Close()
}

func size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d MB", info.Size()>>20)
}

// stalled is how writers fared alone and beside readers.
type stalled struct {
	alone, beside latencies
	grown         [2]float64 // bytes of the file for each update, alone and beside
}

type latencies []time.Duration

func (l latencies) at(part float64) time.Duration {
	slices.Sort(l)
	return l[min(int(part*float64(len(l))), len(l)-1)]
}

// stall lets 8 writers update documents for a while alone, and then beside 100
// readers that take their pages slowly and one export of everything.
func stall(ctx context.Context, s sizes) (stalled, error) {
	docs := s.scanned / 6
	e, err := filled(ctx, docs)
	if err != nil {
		return stalled{}, err
	}
	defer e.done()
	var out stalled
	if out.alone, out.grown[0], err = e.updates(ctx, docs, s.seconds*2); err != nil {
		return stalled{}, err
	}
	reading, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for r := range 100 {
		wg.Go(func() { e.pages(reading, r*docs/100, 20, 500*time.Millisecond) })
	}
	wg.Go(func() { e.pages(reading, 0, 1000, 50*time.Millisecond) })
	out.beside, out.grown[1], err = e.updates(ctx, docs, s.seconds*2)
	stop()
	wg.Wait()
	return out, err
}

// updates runs writers for a while and returns how long each update took, and
// how much the file has grown for each.
func (e *engine) updates(ctx context.Context, docs int, seconds float64) (latencies, float64, error) {
	const writers = 8
	before, err := os.Stat(e.path())
	if err != nil {
		return nil, 0, err
	}
	took := make([]latencies, writers)
	deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	_, err = spread(0, writers, writers, func(w int) error {
		for i := w; time.Now().Before(deadline); i += writers {
			change := db.UpdateRequest{
				Collection: collection,
				Query:      doc(fmt.Sprintf(`{"_id":"id-%010d"}`, i*7919%docs)),
				Update:     doc(`{"$inc":{"n":1}}`),
			}
			start := time.Now()
			if _, err := e.Update(ctx, admin(), change); err != nil {
				return err
			}
			took[w] = append(took[w], time.Since(start))
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	after, err := os.Stat(e.path())
	all := slices.Concat(took...)
	return all, float64(after.Size()-before.Size()) / float64(len(all)), err
}

// pages reads page after page in the order of ids, from document number first,
// with pauses, until ctx ends. At the end it begins again.
func (e *engine) pages(ctx context.Context, first, page int, pause time.Duration) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	begin := fmt.Sprintf("id-%010d", first)
	after := begin
	for {
		got, err := e.Find(ctx, admin(), db.FindRequest{
			Collection: collection, Query: doc(fmt.Sprintf(`{"_id":{"$gt":%q}}`, after)), Sort: doc(`{"_id":1}`), Limit: int64(page),
		})
		switch {
		case err == nil && len(got) == page:
			after = got[page-1].Get("_id").Text()
		default:
			after = begin
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// stallWorst is how much longer the worst update took beside readers: the worst
// one alone is the disk's and the machine's.
func stallWorst(ctx context.Context, s sizes) (figure, error) {
	r, err := stall(ctx, s)
	if err != nil {
		return figure{}, err
	}
	alone, beside := r.alone.at(1), r.beside.at(1)
	return figure{
		value:  float64(max(beside-alone, 0).Microseconds()) / 1000,
		detail: fmt.Sprintf("%v beside %v", beside.Round(10*time.Microsecond), alone.Round(10*time.Microsecond)),
	}, nil
}

func stallTail(ctx context.Context, s sizes) (figure, error) {
	r, err := stall(ctx, s)
	if err != nil {
		return figure{}, err
	}
	alone, beside := r.alone.at(0.99), r.beside.at(0.99)
	return figure{value: beside.Seconds() / alone.Seconds(), detail: fmt.Sprintf("%v beside %v", beside.Round(10*time.Microsecond), alone.Round(10*time.Microsecond))}, nil
}

func stallGrowth(ctx context.Context, s sizes) (figure, error) {
	r, err := stall(ctx, s)
	if err != nil {
		return figure{}, err
	}
	const page = 4096 // below one page an update the file does not grow to speak of
	alone, beside := max(r.grown[0], page), max(r.grown[1], page)
	return figure{value: beside / alone, detail: fmt.Sprintf("%.0f beside %.0f bytes an update", r.grown[1], r.grown[0])}, nil
}
