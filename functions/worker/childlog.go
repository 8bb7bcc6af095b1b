package worker

import (
	"encoding/json"
	"sync"
	"time"
)

// What one invocation may log. The parent counts too: this side may be hostile.
const (
	maxLogLine  = 64 << 10 // bytes of one record's text
	maxLogLines = 10_000   // records of one invocation
	maxLogBytes = 1 << 20  // text of one invocation
)

// logSink sends the console lines of one invocation, each at once, so that the
// last words before a crash arrive.
type logSink struct {
	out *frameWriter
	id  uint64

	mu     sync.Mutex
	lines  int
	bytes  int
	closed bool
}

func (s *logSink) add(r LogRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.lines > maxLogLines || s.bytes > maxLogBytes {
		return
	}
	r.Text = clip(r.Text, maxLogLine)
	if s.lines++; s.lines > maxLogLines || s.bytes+len(r.Text) > maxLogBytes {
		s.bytes = maxLogBytes + 1
		r = LogRecord{Time: time.Now(), Level: LevelWarn, Text: "… the rest of this invocation's output is left out: it is too long"}
	}
	s.bytes += len(r.Text)
	_ = s.out.send(frameLog, s.id, appendLog(nil, r)) // a broken pipe ends the process elsewhere
}

func (s *logSink) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

func jsonObject(m map[string]string) string {
	b, err := json.Marshal(m)
	if err != nil || m == nil {
		return "{}"
	}
	return string(b)
}
