package worker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// frameKind tells the messages of the pipe apart.
type frameKind uint8

const (
	// From the parent.
	frameLoad     frameKind = iota + 1 // id 0: the function version to serve
	frameInvoke                        // id: the invocation
	frameCancel                        // id: the invocation nobody waits for any more
	frameOpResult                      // id: the host operation

	// From the child.
	frameReady  // id 0: the engine is up; the modules it serves
	frameLoaded // id 0: the bundle is compiled
	frameResult // id: the invocation
	frameError  // id: the invocation, or 0 for the load
	frameOp     // id: the host operation
	frameLog    // id: the invocation
	frameDying  // id 0: the child is about to exit because its memory is used up
)

const (
	// headerBytes is the size of length, kind and id.
	headerBytes = 4 + 1 + 8

	// MaxOpBody bounds what one host operation carries either way, in bytes:
	// the file that user code uploads or downloads in one piece.
	MaxOpBody = 50 << 20
	// MaxEvent bounds an invocation's event, in bytes (wx-cloud-api.md 9.6).
	MaxEvent = 5 << 20
	// MaxResult bounds an invocation's result, in bytes (wx-cloud-api.md 9.6).
	MaxResult = 1 << 20

	maxSmall = 256 << 10 // every payload without a body
)

// fromParent and fromChild bound the payload of each kind. A kind that is
// missing may not come from that side.
func fromParent(k frameKind) (limit uint32, ok bool) {
	switch k {
	case frameLoad:
		return maxSmall, true
	case frameInvoke:
		return MaxEvent + maxSmall, true
	case frameCancel:
		return 0, true
	case frameOpResult:
		return MaxOpBody + maxSmall, true
	}
	return 0, false
}

func fromChild(k frameKind) (limit uint32, ok bool) {
	switch k {
	case frameReady, frameError, frameLog:
		return maxSmall, true
	case frameLoaded:
		return 0, true
	case frameResult:
		return MaxResult + maxSmall, true
	case frameOp:
		return MaxOpBody + maxSmall, true
	case frameDying:
		return 64, true
	}
	return 0, false
}

// frame is one message. On the wire: u32 length of what follows, u8 kind,
// u64 id, payload; little endian.
type frame struct {
	kind    frameKind
	id      uint64
	payload []byte
}

// frameReader reads the frames that one side may send.
type frameReader struct {
	r      *bufio.Reader
	limits func(frameKind) (uint32, bool)
}

func newFrameReader(r io.Reader, limits func(frameKind) (uint32, bool)) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(r, 64<<10), limits: limits}
}

// next returns the next frame; its payload belongs to the caller. io.EOF means
// that the other side closed between two frames.
func (f *frameReader) next() (frame, error) {
	var head [headerBytes]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return frame{}, err
	}
	length := binary.LittleEndian.Uint32(head[:4])
	fr := frame{kind: frameKind(head[4]), id: binary.LittleEndian.Uint64(head[5:])}
	limit, ok := f.limits(fr.kind)
	if !ok {
		return frame{}, fmt.Errorf("worker: frame of kind %d does not come from this side", fr.kind)
	}
	if length < headerBytes-4 || length-(headerBytes-4) > limit {
		return frame{}, fmt.Errorf("worker: frame of kind %d has length %d, the limit is %d", fr.kind, length, limit)
	}
	var err error
	fr.payload, err = f.payload(int(length - (headerBytes - 4)))
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fr, err
}

// payload reads n bytes. Large ones grow as the bytes arrive: a length alone
// must not make us reserve memory.
func (f *frameReader) payload(n int) ([]byte, error) {
	const step = 256 << 10
	if n == 0 {
		return nil, nil
	}
	b := make([]byte, min(n, step))
	if _, err := io.ReadFull(f.r, b); err != nil {
		return nil, err
	}
	for len(b) < n {
		have := len(b)
		b = append(b, make([]byte, min(n-have, have))...)
		if _, err := io.ReadFull(f.r, b[have:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// frameWriter sends frames. A send that finds the pipe idle writes at once;
// frames that arrive while a write is under way are gathered and leave together
// in the next one.
type frameWriter struct {
	w io.Writer

	mu       sync.Mutex // guards what follows
	drained  sync.Cond
	pending  []byte
	spare    []byte
	flushing bool
	err      error // the first write error; nothing is sent after it
}

func newFrameWriter(w io.Writer) *frameWriter {
	f := &frameWriter{w: w}
	f.drained.L = &f.mu
	return f
}

const (
	maxPending  = 1 << 20  // bytes; senders wait while more than this is gathered
	keptPending = 64 << 10 // bytes; larger buffers are given back
)

// send writes one frame whose payload is the parts in a row. It blocks while
// the other side does not read; closing the pipe ends that. It is safe for
// concurrent use.
func (f *frameWriter) send(kind frameKind, id uint64, parts ...[]byte) error {
	length := headerBytes - 4
	for _, p := range parts {
		length += len(p)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.flushing && len(f.pending) > maxPending && f.err == nil {
		f.drained.Wait()
	}
	if f.err != nil {
		return f.err
	}
	f.pending = binary.LittleEndian.AppendUint32(f.pending, uint32(length))
	f.pending = append(f.pending, byte(kind))
	f.pending = binary.LittleEndian.AppendUint64(f.pending, id)
	for _, p := range parts {
		f.pending = append(f.pending, p...)
	}
	if !f.flushing {
		f.flush()
	}
	return f.err
}

// flush writes until nothing is pending. It is called with mu held and releases
// it during each write.
func (f *frameWriter) flush() {
	f.flushing = true
	for len(f.pending) > 0 && f.err == nil {
		out := f.pending
		f.pending = f.spare[:0]
		f.mu.Unlock()
		_, err := f.w.Write(out)
		f.mu.Lock()
		f.spare = nil
		if cap(out) <= keptPending {
			f.spare = out
		}
		if err != nil && f.err == nil {
			f.err = err
		}
		f.drained.Broadcast()
	}
	f.flushing = false
}
