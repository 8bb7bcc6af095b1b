package db

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// idSource makes document ids: 32 lower-case hex digits, 12 of time in
// milliseconds, 4 of a counter, 16 random. Ids of one source ascend, which
// keeps index entries together; the clock may jump back without harm, and
// uniqueness rests on the counter and the random part alone.
type idSource struct {
	now func() time.Time

	mu      sync.Mutex // guards the rest
	millis  uint64
	counter uint16
}

func (s *idSource) next() string {
	var b [16]byte
	// The count of bytes and the error are fixed: rand.Read never fails.
	_, _ = rand.Read(b[8:])
	s.mu.Lock()
	if ms := uint64(s.now().UnixMilli()); ms > s.millis {
		s.millis, s.counter = ms, 0
	} else if s.counter++; s.counter == 0 {
		s.millis++
	}
	binary.BigEndian.PutUint64(b[:8], s.millis<<16|uint64(s.counter))
	s.mu.Unlock()
	return hex.EncodeToString(b[:])
}
