package worker

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/db/fault"
)

func TestFramesRoundTrip(t *testing.T) {
	var pipe bytes.Buffer
	w := newFrameWriter(&pipe)
	big := bytes.Repeat([]byte("0123456789"), 90_000)
	for _, f := range []frame{
		{frameReady, 0, []byte("modules")},
		{frameResult, 1 << 60, big},
		{frameLoaded, 0, nil},
	} {
		if err := w.send(f.kind, f.id, f.payload[:len(f.payload)/2], f.payload[len(f.payload)/2:]); err != nil {
			t.Fatal(err)
		}
	}
	r := newFrameReader(&pipe, fromChild)
	for _, want := range []frame{{frameReady, 0, []byte("modules")}, {frameResult, 1 << 60, big}, {frameLoaded, 0, nil}} {
		got, err := r.next()
		if err != nil || got.kind != want.kind || got.id != want.id || !bytes.Equal(got.payload, want.payload) {
			t.Errorf("got kind %d, id %d, %d bytes, %v", got.kind, got.id, len(got.payload), err)
		}
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestBadFramesAreRefused(t *testing.T) {
	for _, tc := range []struct{ name, wire, want string }{
		{"UnknownKind", "\x09\x00\x00\x00\x63\x00\x00\x00\x00\x00\x00\x00\x00", "does not come from this side"},
		{"ParentsKind", "\x09\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", "does not come from this side"},
		{"TooShort", "\x08\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00", "has length 8"},
		{"TooLong", "\xff\xff\xff\xff\x07\x00\x00\x00\x00\x00\x00\x00\x00", "the limit is"},
		{"Cut", "\x0a\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00", "unexpected EOF"},
		{"CutHead", "\x0a\x00", "unexpected EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newFrameReader(strings.NewReader(tc.wire), fromChild).next()
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// slowPipe lets the first write wait until the test has queued more frames.
type slowPipe struct {
	bytes.Buffer
	entered, release chan struct{}
	writes           int
}

func (p *slowPipe) Write(b []byte) (int, error) {
	if p.writes++; p.writes == 1 {
		close(p.entered)
		<-p.release
	}
	return p.Buffer.Write(b)
}

func TestFramesThatQueueLeaveTogether(t *testing.T) {
	pipe := &slowPipe{entered: make(chan struct{}), release: make(chan struct{})}
	w := newFrameWriter(pipe)
	var first sync.WaitGroup
	first.Go(func() {
		if err := w.send(frameLoaded, 1); err != nil {
			t.Error(err)
		}
	})
	<-pipe.entered
	for id := uint64(2); id <= 10; id++ {
		if err := w.send(frameLoaded, id); err != nil {
			t.Fatal(err)
		}
	}
	close(pipe.release)
	first.Wait()
	if pipe.writes != 2 {
		t.Errorf("%d writes, want 2", pipe.writes)
	}
	r := newFrameReader(&pipe.Buffer, fromChild)
	for want := uint64(1); want <= 10; want++ {
		if f, err := r.next(); err != nil || f.id != want {
			t.Fatalf("got id %d, %v; want %d", f.id, err, want)
		}
	}
}

type brokenPipe struct{}

var errBroken = errors.New("broken")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestWriterKeepsItsFirstError(t *testing.T) {
	w := newFrameWriter(brokenPipe{})
	for range 2 {
		if err := w.send(frameLoaded, 1); !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
	}
}

func TestMessagesRoundTrip(t *testing.T) {
	same := func(name string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
	}
	load := loadMessage{
		Bundle: "b", Dir: "d", Temp: "t", Name: "n", Version: "v", Env: "e",
		Variables: map[string]string{"K": "V", "": ""}, Memory: 256 << 20, Timeout: 3 * time.Second,
	}
	gotLoad, err := parseLoad(load.append(nil))
	same("load", gotLoad, load, err)

	invoke := invokeMessage{
		RequestID: "r", Timeout: time.Second, WXContext: map[string]string{"OPENID": "1"},
		Env: map[string]string{}, Event: []byte(`{"a":1}`),
	}
	gotInvoke, err := parseInvoke(append(invoke.appendHead(nil), invoke.Event...))
	same("invoke", gotInvoke, invoke, err)

	failure := errorMessage{Report: report{Peak: 7, Live: 8, CPU: 9}, Failure: Failure{Kind: Exited, Text: "text", Stack: "stack"}}
	gotFailure, err := parseError(failure.append(nil))
	same("error", gotFailure, failure, err)

	op := opMessage{Invocation: 1, Op: OpDownload, Head: []byte("h"), Body: []byte("b")}
	gotOp, err := parseOp(append(op.appendHead(nil), op.Body...))
	same("op", gotOp, op, err)

	reply := opResultMessage{Head: []byte("h"), Body: []byte("b")}
	gotReply, err := parseOpResult(append(reply.appendHead(nil), reply.Body...))
	same("op result", gotReply, reply, err)

	refusal := opResultMessage{Err: fault.Invalid("path", "is empty")}
	gotRefusal, err := parseOpResult(refusal.appendHead(nil))
	same("refusal", gotRefusal, refusal, err)

	line := LogRecord{Time: time.Unix(1, 2), Level: LevelError, Text: "text", Late: true}
	gotLine, err := parseLog(appendLog(nil, line))
	same("log", gotLine, line, err)
}

func TestClip(t *testing.T) {
	for _, tc := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 20, "short"},
		{"exactly", 7, "exactly"},
		{strings.Repeat("a", 30), 20, strings.Repeat("a", 11) + "… (cut)"},
		{strings.Repeat("云", 10), 20, "云云云… (cut)"},
	} {
		if got := clip(tc.in, tc.n); got != tc.want || len(got) > tc.n {
			t.Errorf("clip(%q, %d) = %q", tc.in, tc.n, got)
		}
	}
}

// What a child sends is hostile: no payload may panic the parent, and what is
// accepted must stay within its bounds.
func FuzzFromChild(f *testing.F) {
	f.Add([]byte("\x0d\x00\x00\x00\x07\x01\x00\x00\x00\x00\x00\x00\x00abcd"))
	f.Add(append([]byte("\x20\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00"), errorMessage{Failure: Failure{Kind: Threw, Text: "x"}}.append(nil)...))
	f.Fuzz(func(t *testing.T, wire []byte) {
		r := newFrameReader(bytes.NewReader(wire), fromChild)
		for {
			fr, err := r.next()
			if err != nil {
				return
			}
			if limit, ok := fromChild(fr.kind); !ok || len(fr.payload) > int(limit) {
				t.Fatalf("kind %d with %d bytes", fr.kind, len(fr.payload))
			}
			switch fr.kind {
			case frameReady:
				_, _ = parseReady(fr.payload)
			case frameResult:
				_, _ = parseResult(fr.payload)
			case frameError:
				if m, err := parseError(fr.payload); err == nil && (m.Failure.Kind == 0 || m.Failure.Kind > Exited) {
					t.Fatalf("kind %d", m.Failure.Kind)
				}
			case frameOp:
				if m, err := parseOp(fr.payload); err == nil && (m.Op == 0 || m.Op > OpDownload) {
					t.Fatalf("op %d", m.Op)
				}
			case frameLog:
				if m, err := parseLog(fr.payload); err == nil && m.Level > LevelError {
					t.Fatalf("level %d", m.Level)
				}
			}
		}
	})
}
