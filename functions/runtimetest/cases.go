package runtimetest

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"baas/functions/worker"
)

// step is one call of a case's function and what must come of it.
type step struct {
	event  string
	result string // JSON text, or "undefined"
	fail   string // "Kind: text"; a text that ends in … is the start
	stack  string // part of the failure's stack
	logs   []string
	limit  time.Duration
}

// parse reads the comment lines at the start of a case:
//
//	// event: {"a":1}         begins a call
//	// result: {"sum":2}      its result, or
//	// fail: Threw: Error: x  its failure
//	// stack: index.js:3      a part of the failure's stack
//	// log: warn some text    a line it prints, in order; \n in it is an end of line
//	// limit: 50ms            its deadline
//
// Other comments explain. A case without any call is called once with {}.
func parse(text []byte) ([]step, error) {
	var steps []step
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		comment, ok := strings.CutPrefix(lines.Text(), "// ")
		if !ok {
			break
		}
		key, value, ok := strings.Cut(comment, ": ")
		if !ok {
			continue
		}
		if key == "event" || len(steps) == 0 {
			steps = append(steps, step{event: "{}", limit: patience})
		}
		if err := steps[len(steps)-1].set(key, value); err != nil {
			return nil, err
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("no line says what is expected")
	}
	return steps, lines.Err()
}

func (s *step) set(key, value string) (err error) {
	switch key {
	case "event":
		s.event = value
	case "result":
		s.result = value
	case "fail":
		s.fail = value
	case "stack":
		s.stack = value
	case "log":
		s.logs = append(s.logs, strings.ReplaceAll(value, `\n`, "\n"))
	case "limit":
		s.limit, err = time.ParseDuration(value)
	}
	return err
}

func runCase(t *testing.T, engine worker.Engine, name string) {
	t.Helper()
	dir, entry := t.TempDir(), path.Base(name)
	unpack(t, name, dir)
	unpack(t, "testdata/packages", dir+"/node_modules")
	main := name
	if path.Ext(name) == "" {
		entry = "index.js"
		if _, err := testdata.ReadFile(path.Join(name, entry)); err != nil {
			entry = "index.ts"
		}
		main = path.Join(name, entry)
	}
	steps, err := parse(read(t, main))
	if err != nil {
		t.Fatalf("%s: %v", main, err)
	}
	f, failure := deploy(t, engine, dir, entry)
	for n, s := range steps {
		var result string
		var lines []worker.LogRecord
		if f != nil {
			result, lines, failure = f.call(t, s.event, s.limit)
		}
		s.check(t, n+1, result, lines, failure)
	}
}

// check holds the outcome of a call against what its step says.
func (s *step) check(t *testing.T, call int, result string, lines []worker.LogRecord, failure *worker.Failure) {
	t.Helper()
	if result == "" {
		result = "undefined"
	}
	switch {
	case s.fail != "" && failure == nil:
		t.Errorf("call %d: got %s, want the failure %s", call, result, s.fail)
	case s.fail != "":
		got := fmt.Sprintf("%s: %s", kindName(failure.Kind), failure.Text)
		if start, ok := strings.CutSuffix(s.fail, "…"); ok && !strings.HasPrefix(got, start) || !ok && got != s.fail {
			t.Errorf("call %d: got the failure %s, want %s", call, got, s.fail)
		}
		if !strings.Contains(failure.Stack, s.stack) {
			t.Errorf("call %d: got the stack\n%s\nwant %s in it", call, failure.Stack, s.stack)
		}
	case failure != nil:
		t.Errorf("call %d: got the failure %d: %s\n%s\nwant %s", call, failure.Kind, failure.Text, failure.Stack, s.result)
	case s.result != "" && result != s.result:
		t.Errorf("call %d:\ngot  %s\nwant %s", call, result, s.result)
	}
	got := make([]string, len(lines))
	for i, l := range lines {
		got[i] = strings.TrimRight(levelName(l.Level)+" "+l.Text, " ")
		if l.Late {
			got[i] = "late " + got[i]
		}
	}
	if s.logs == nil && s.result != "" {
		return // the case is not about lines
	}
	if a, b := strings.Join(got, "\n"), strings.Join(s.logs, "\n"); a != b {
		t.Errorf("call %d: got the lines\n%s\nwant\n%s", call, a, b)
	}
}

func kindName(k worker.FailureKind) string {
	names := map[worker.FailureKind]string{
		worker.Threw: "Threw", worker.TimedOut: "TimedOut", worker.Cancelled: "Cancelled", worker.UnhandledRejection: "UnhandledRejection",
		worker.EmptyLoop: "EmptyLoop", worker.NoHandler: "NoHandler", worker.LoadFailed: "LoadFailed", worker.NotSerialisable: "NotSerialisable",
		worker.TooLarge: "TooLarge", worker.Exited: "Exited",
	}
	return names[k]
}

func levelName(l worker.LogLevel) string {
	names := map[worker.LogLevel]string{
		worker.LevelDebug: "debug", worker.LevelLog: "log", worker.LevelInfo: "info", worker.LevelWarn: "warn", worker.LevelError: "error",
	}
	return names[l]
}
