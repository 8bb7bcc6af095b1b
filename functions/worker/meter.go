package worker

import "time"

// meter learns from what invocations cost how many a process should have
// inside at once. They share its memory and its one processor: too many would
// die together of the one, or time out together of the other.
//
// It is a plain value; the process guards it.
type meter struct {
	reports  int
	live     uint64        // heap in use after the last collection, bytes
	inside   int           // invocations then
	cpu      time.Duration // used by the process so far
	perCall  time.Duration // processor time of one invocation, on average
	shortest time.Duration // of late: what one takes when it does not wait for others
}

// report is what a worker tells with each outcome.
type report struct {
	Peak uint64        // highest use of memory since the process had nobody inside, bytes
	Live uint64        // heap in use after the last collection, bytes; 0 before the first
	CPU  time.Duration // of the process since its start; 0 where it cannot be known
}

const (
	untried     = 4                     // inside a process of which nothing is known
	smallHeap   = 16 << 20              // bytes; below it nothing is collected
	heavyCall   = 20 * time.Millisecond // of processor time: lighter ones may wait for each other
	averageOver = 8                     // invocations
	forgetOver  = 64                    // invocations after which a shortest time is old
)

func (m *meter) observe(r report, took time.Duration, inside int) {
	m.live, m.inside = max(r.Live, smallHeap), inside
	if m.reports > 0 {
		// Several inside share the time between two reports; on average each
		// report stands for one invocation.
		m.perCall += (r.CPU - m.cpu - m.perCall) / averageOver
	}
	m.cpu = r.CPU
	if m.shortest == 0 || took < m.shortest {
		m.shortest = took
	} else {
		m.shortest += (took - m.shortest) / forgetOver
	}
	m.reports++
}

// capacity is how many invocations the process should have inside: at most
// most, and as many as fit into three fifths of its memory. busy says that the
// processor is what bounds them, so that a further process would only help on
// a processor of its own.
func (m *meter) capacity(most int, memory uint64) (n int, busy bool) {
	if m.reports == 0 {
		return min(most, untried), false
	}
	each := m.live / uint64(max(m.inside, 1))
	n = max(1, min(most, int(memory/5*3/max(each, 1))))
	if m.perCall < heavyCall {
		return n, false
	}
	// What waits for something else leaves the processor to others.
	if shared := max(2, int(m.shortest*3/2/m.perCall)); shared < n {
		return shared, true
	}
	return n, false
}
