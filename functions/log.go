package functions

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"baas/functions/worker"
)

// LogKind tells the lines of an invocation apart (wx-cloud-api.md 9.5).
type LogKind string

// The kinds, in the order in which they come.
const (
	LogStart   LogKind = "start"
	LogConsole LogKind = "console"
	LogFailure LogKind = "failure" // why the invocation failed
	LogEnd     LogKind = "end"
	LogReport  LogKind = "report" // duration and memory
)

// LogLine is one line of a function's log. Text may hold newlines.
type LogLine struct {
	Time      time.Time `json:"time"`
	Function  string    `json:"function"`
	RequestID string    `json:"requestId"`
	Kind      LogKind   `json:"kind"`
	Level     string    `json:"level"` // debug, log, info, warn, error
	Text      string    `json:"text"`
	Late      bool      `json:"late,omitempty"` // printed after its own invocation had ended
}

func levelName(l worker.LogLevel) string {
	switch l {
	case worker.LevelDebug:
		return "debug"
	case worker.LevelInfo:
		return "info"
	case worker.LevelWarn:
		return "warn"
	case worker.LevelError:
		return "error"
	}
	return "log"
}

// journal takes log lines from calls and writes them behind their backs: to
// the files and to those who follow. A call never waits for it; when lines come
// faster than they can be written, some are left out, and a line says how many.
// It is safe for concurrent use.
type journal struct {
	files *logFiles
	log   *slog.Logger
	queue chan entry
	done  chan struct{}
	lost  atomic.Int64

	mu     sync.RWMutex // guards closed, and queue against being closed
	closed bool

	followMu  sync.Mutex // guards followers; never held while mu is taken
	followers []chan LogLine
	ended     bool // no follower is taken any more

	// Touched by run alone:
	failing bool // the last write failed
	waiting bool // lines wait for the timer to flush them
}

// entry is a line on its way, or, with flushed, the wish to know that all
// before it is written.
type entry struct {
	line    LogLine
	trace   *trace
	flushed chan struct{}
}

const journalQueue = 8192 // lines

func openJournal(dir string, now func() time.Time, log *slog.Logger) (*journal, error) {
	files, err := openLogFiles(dir, now)
	if err != nil {
		return nil, err
	}
	j := &journal{files: files, log: log, queue: make(chan entry, journalQueue), done: make(chan struct{})}
	go j.run()
	return j, nil
}

// add queues a line.
func (j *journal) add(e entry) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.closed {
		return
	}
	select {
	case j.queue <- e:
	default:
		j.lost.Add(1)
	}
}

// flushEvery is how long a line may wait for others before it is written to its
// file: a crash of the machine or the server may cost that much of the log.
const flushEvery = 100 * time.Millisecond

func (j *journal) run() {
	defer close(j.done)
	timer := time.NewTimer(flushEvery)
	defer timer.Stop()
	for {
		select {
		case e, ok := <-j.queue:
			if !ok {
				j.finish()
				return
			}
			if j.take(e) {
				timer.Reset(flushEvery)
			}
		case <-timer.C:
			j.flush()
			j.waiting = false
		}
	}
}

// take works one entry off. It reports whether a line now waits for a flush
// that is not yet due.
func (j *journal) take(e entry) bool {
	if e.flushed != nil {
		j.flush()
		close(e.flushed)
		return false
	}
	e.line.Text = e.trace.rewrite(e.line.Text)
	j.write(e.line)
	if n := j.lost.Swap(0); n > 0 {
		j.write(LogLine{
			Time: e.line.Time, Function: e.line.Function, Kind: LogConsole, Level: "warn",
			Text: fmt.Sprintf("%d lines were left out here: they came too fast", n),
		})
	}
	first := !j.waiting
	j.waiting = true
	return first
}

func (j *journal) finish() {
	j.report(j.files.close())
	j.followMu.Lock()
	defer j.followMu.Unlock()
	j.ended = true
	for _, f := range j.followers {
		close(f)
	}
	j.followers = nil
}

// report logs that writing fails, once until it works again.
func (j *journal) report(err error) {
	if err != nil && !j.failing {
		j.log.Error("cannot write the function log", "error", err)
	}
	j.failing = err != nil
}

func (j *journal) write(line LogLine) {
	text, err := json.Marshal(line)
	if err == nil {
		err = j.files.append(append(text, '\n'))
	}
	j.report(err)
	j.followMu.Lock()
	defer j.followMu.Unlock()
	for _, f := range j.followers {
		select {
		case f <- line:
		default: // a slow reader misses lines
		}
	}
}

func (j *journal) flush() { j.report(j.files.flush()) }

// sync waits until all lines added so far can be read.
func (j *journal) sync() {
	flushed := make(chan struct{})
	j.mu.RLock()
	if j.closed {
		j.mu.RUnlock()
		<-j.done
		return
	}
	j.queue <- entry{flushed: flushed}
	j.mu.RUnlock()
	<-flushed
}

// follow returns the lines to come. A reader that falls behind by more than
// buffer misses some.
func (j *journal) follow(buffer int) (<-chan LogLine, func()) {
	f := make(chan LogLine, max(buffer, 1))
	j.followMu.Lock()
	defer j.followMu.Unlock()
	if j.ended {
		close(f)
		return f, func() {}
	}
	j.followers = append(j.followers, f)
	return f, func() { j.unfollow(f) }
}

func (j *journal) unfollow(f chan LogLine) {
	j.followMu.Lock()
	defer j.followMu.Unlock()
	if i := slices.Index(j.followers, f); i >= 0 {
		j.followers = slices.Delete(j.followers, i, i+1)
		close(f)
	}
}

// close writes what is queued and ends the followers' channels.
func (j *journal) close() {
	j.mu.Lock()
	if !j.closed {
		j.closed = true
		close(j.queue)
	}
	j.mu.Unlock()
	<-j.done
}
