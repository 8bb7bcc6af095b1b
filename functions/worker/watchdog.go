package worker

import (
	"runtime/metrics"
	"sync"
	"time"
)

// watchdog looks at the process's memory every few milliseconds while an
// invocation runs and ends the process, with a clean message, when the budget
// is used up, or when so much of it survives collection that the process would
// spend its time collecting. It cannot see one huge allocation coming: the
// limit on the address space is for that.
type watchdog struct {
	budget    uint64 // bytes
	exhausted func(used uint64)

	mu      sync.Mutex
	running int
	peak    uint64
	stop    chan struct{}
}

const watchEvery = 10 * time.Millisecond

func newWatchdog(budget uint64, exhausted func(used uint64)) *watchdog {
	return &watchdog{budget: budget, exhausted: exhausted}
}

// begin starts the watch with the first of several invocations.
func (w *watchdog) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running++; w.running == 1 {
		w.peak = 0
		w.stop = make(chan struct{})
		go w.run(w.stop)
	}
}

// end stops the watch with the last invocation and returns the highest use of
// memory seen since the first, in bytes.
func (w *watchdog) end() uint64 {
	used, _ := memory()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peak = max(w.peak, used)
	if w.running--; w.running == 0 {
		close(w.stop)
	}
	return w.peak
}

func (w *watchdog) run(stop chan struct{}) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			used, live := memory()
			if used > w.budget || live > w.budget/5*4 {
				w.exhausted(used)
			}
			w.mu.Lock()
			w.peak = max(w.peak, used)
			w.mu.Unlock()
		}
	}
}

// memory tells what the Go runtime holds of the machine's memory, and how much
// of the heap was in use after the last collection, in bytes.
func memory() (used, live uint64) {
	s := [3]metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(s[:])
	return s[0].Value.Uint64() - s[1].Value.Uint64(), s[2].Value.Uint64()
}
