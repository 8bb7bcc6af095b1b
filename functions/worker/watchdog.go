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

	mu       sync.Mutex // guards what follows
	running  int
	peak     uint64
	watching bool // run is at work
}

const (
	watchEvery  = 10 * time.Millisecond
	watchLinger = 100 // looks without an invocation; starting anew for each would cost more
)

func newWatchdog(budget uint64, exhausted func(used uint64)) *watchdog {
	return &watchdog{budget: budget, exhausted: exhausted}
}

// begin counts an invocation in.
func (w *watchdog) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running++; w.running == 1 {
		w.peak = 0
	}
	if !w.watching {
		w.watching = true
		go w.run() // ends by itself, or with the process
	}
}

// end counts an invocation out, and reports.
func (w *watchdog) end() report {
	used, live := memory()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peak = max(w.peak, used)
	w.running--
	return report{Peak: w.peak, Live: live, CPU: processorTime()}
}

func (w *watchdog) run() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for idle := 0; idle < watchLinger; {
		<-tick.C
		if w.look() {
			idle = 0
		} else {
			idle++
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watching = false
	if w.running > 0 { // one came just now
		w.watching = true
		go w.run()
	}
}

// look takes a measure and reports whether an invocation runs.
func (w *watchdog) look() bool {
	used, live := memory()
	if used > w.budget || live > w.budget/5*4 {
		w.exhausted(used)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peak = max(w.peak, used)
	return w.running > 0
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
