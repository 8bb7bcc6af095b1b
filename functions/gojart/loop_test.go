package gojart

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// plain is a turn without a VM.
func plain(callback func() error) error { return callback() }

func never() bool { return false }

// record returns a callback that notes a name.
func record(names *[]string, name string) func() error {
	return func() error {
		*names = append(*names, name)
		return nil
	}
}

func TestLoopOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(plain)
		var got []string
		l.after(20*time.Millisecond, false, record(&got, "20ms"))
		l.after(0, false, record(&got, "0ms"))
		l.after(time.Millisecond, false, record(&got, "1ms"))
		l.immediate(record(&got, "immediate"))
		settle := l.hold()
		settle(record(&got, "reply"))
		if err := l.run(t.Context(), never); !errors.Is(err, errIdle) {
			t.Errorf("run: got %v, want %v", err, errIdle)
		}
		if want := []string{"reply", "immediate", "0ms", "1ms", "20ms"}; !slices.Equal(got, want) {
			t.Errorf("order: got %v, want %v", got, want)
		}
	})
}

func TestLoopIsFrozenBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(plain)
		var got []string
		l.after(10*time.Millisecond, false, record(&got, "timer"))
		settle := l.hold()
		if err := l.run(t.Context(), func() bool { return true }); err != nil {
			t.Fatalf("run: %v", err)
		}
		time.Sleep(time.Hour)
		settle(record(&got, "reply"))
		synctest.Wait()
		if len(got) > 0 {
			t.Fatalf("between runs: got %v, want nothing", got)
		}
		if err := l.run(t.Context(), func() bool { return len(got) == 2 }); err != nil {
			t.Fatalf("second run: %v", err)
		}
		if want := []string{"timer", "reply"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestLoopStopsWhenDone(t *testing.T) {
	l := newLoop(plain)
	var got []string
	for _, name := range []string{"first", "second"} {
		l.hold()(record(&got, name))
	}
	if err := l.run(t.Context(), func() bool { return len(got) == 1 }); err != nil {
		t.Fatalf("run: %v", err)
	}
	if want := []string{"first"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: what is queued when the run is done stays queued", got, want)
	}
}

func TestLoopInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(plain)
		var at []time.Duration
		start := time.Now()
		var tick *timer
		tick = l.after(5*time.Millisecond, true, func() error {
			at = append(at, time.Since(start))
			if len(at) == 3 {
				l.stop(tick)
			}
			return nil
		})
		if err := l.run(t.Context(), never); !errors.Is(err, errIdle) {
			t.Errorf("run: got %v, want %v", err, errIdle)
		}
		if want := []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 15 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("ticks: got %v, want %v", at, want)
		}
	})
}

func TestLoopWeakTimerKeepsNothingAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(plain)
		l.after(time.Hour, true, func() error { return nil }).weak = true
		if err := l.run(t.Context(), never); !errors.Is(err, errIdle) {
			t.Errorf("run: got %v, want %v", err, errIdle)
		}
	})
}

func TestLoopEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		l := newLoop(plain)
		settle := l.hold()
		if err := l.run(ctx, never); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: got %v, want %v", err, context.DeadlineExceeded)
		}
		l.close()
		settle(func() error { t.Error("a reply ran after close"); return nil })
	})
}

func TestLoopEndsWithAFailedTurn(t *testing.T) {
	l := newLoop(plain)
	want := errors.New("boom")
	l.immediate(func() error { return want })
	l.immediate(func() error { t.Error("a turn ran after the failed one"); return nil })
	if err := l.run(t.Context(), never); !errors.Is(err, want) {
		t.Errorf("run: got %v, want %v", err, want)
	}
}

func TestLoopTakesRepliesFromManyGoroutines(t *testing.T) {
	l := newLoop(plain)
	const n = 100
	count := 0
	var work sync.WaitGroup
	for range n {
		settle := l.hold()
		work.Go(func() {
			settle(func() error { count++; return nil })
		})
	}
	if err := l.run(t.Context(), never); !errors.Is(err, errIdle) {
		t.Errorf("run: got %v, want %v", err, errIdle)
	}
	work.Wait()
	if count != n {
		t.Errorf("replies: got %d, want %d", count, n)
	}
}

func TestLoopTimersGetTheirTurnAmongReplies(t *testing.T) {
	l := newLoop(plain)
	fired := false
	var again func() error
	again = func() error {
		l.hold()(again)
		return nil
	}
	l.hold()(again)
	l.after(time.Millisecond, false, func() error { fired = true; return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := l.run(ctx, func() bool { return fired }); err != nil {
		t.Errorf("run: %v", err)
	}
}
