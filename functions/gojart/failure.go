package gojart

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dop251/goja"

	"baas/functions/nodelib"
	"baas/functions/worker"
)

// errEngine is a panic of the engine itself.
var errEngine = errors.New("RuntimeError: the JavaScript engine failed")

// panicError makes an error of a recovered panic. Exceptions and interrupts
// that travelled as panics stay what they are.
func panicError(x any) error {
	if err, ok := x.(error); ok {
		if _, ok := errors.AsType[*goja.InterruptedError](err); ok {
			return err
		}
		if _, ok := errors.AsType[*goja.StackOverflowError](err); ok {
			return err
		}
		if _, ok := errors.AsType[*goja.Exception](err); ok {
			return err
		}
	}
	return fmt.Errorf("%w: %v", errEngine, x)
}

// failure makes the error of Invoke. kind is what an exception means.
func (i *Instance) failure(kind worker.FailureKind, err error) *worker.Failure {
	if f, ok := errors.AsType[*worker.Failure](err); ok {
		return f
	}
	if ex, ok := errors.AsType[*goja.Exception](err); ok {
		return i.describe(kind, ex.Value(), ex)
	}
	if interrupted, ok := errors.AsType[*goja.InterruptedError](err); ok {
		cause, _ := interrupted.Value().(error)
		return ended(cause, interrupted)
	}
	if _, ok := errors.AsType[*goja.StackOverflowError](err); ok {
		return &worker.Failure{Kind: worker.UnhandledRejection, Text: "RangeError: Maximum call stack size exceeded", Stack: framesOf(err)}
	}
	switch {
	case errors.Is(err, errIdle):
		return &worker.Failure{Kind: worker.EmptyLoop, Text: "the handler's promise never settles: the event loop is empty"}
	case errors.Is(err, errTooLarge):
		return &worker.Failure{Kind: worker.TooLarge, Text: "the result is too large"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ended(err, nil)
	}
	if v, ok := errors.AsType[valueError](err); ok {
		return &worker.Failure{Kind: worker.NotSerialisable, Text: "TypeError: " + string(v)}
	}
	if s, ok := errors.AsType[*syntaxError](err); ok {
		return &worker.Failure{Kind: kind, Text: "SyntaxError: " + s.msg}
	}
	return &worker.Failure{Kind: worker.UnhandledRejection, Text: err.Error()}
}

// ended is the failure of an invocation whose context ended.
func ended(cause, at error) *worker.Failure {
	f := &worker.Failure{Kind: worker.Cancelled, Text: "the invocation was cancelled"}
	if errors.Is(cause, context.DeadlineExceeded) {
		f = &worker.Failure{Kind: worker.TimedOut, Text: "the invocation timed out"}
	}
	if at != nil {
		f.Stack = framesOf(at)
	}
	return f
}

// framesOf returns the frames of an interrupt: where the code was.
func framesOf(err error) string {
	frames, ok := err.(fmt.Stringer)
	if !ok {
		return ""
	}
	_, stack := nodelib.SplitStack("\n" + frames.String())
	return stack
}

// describe words what was thrown. The exception, if there is one, has the
// frames of values that carry none.
func (i *Instance) describe(kind worker.FailureKind, value goja.Value, ex *goja.Exception) *worker.Failure {
	f := &worker.Failure{Kind: kind}
	// The members of an error are user code: they may throw, too.
	err := i.enter(func() error {
		o, ok := value.(*goja.Object)
		if !ok {
			f.Text = textOf(value)
			return nil
		}
		if stack := o.Get("stack"); stack != nil && o.ClassName() == "Error" {
			_, f.Stack = nodelib.SplitStack(stack.String())
		}
		f.Text = i.objectText(o)
		return nil
	})
	if err != nil {
		f.Text = "an error that cannot be shown was thrown"
	}
	if f.Stack == "" && ex != nil {
		_, f.Stack = nodelib.SplitStack("\n" + stackOf(ex))
	}
	return f
}

func textOf(value goja.Value) string {
	if value == nil {
		return "undefined"
	}
	return value.String()
}

// objectText is "Name: message" for errors and what looks like one, JSON for
// other objects: "[object Object]" helps nobody.
func (i *Instance) objectText(o *goja.Object) string {
	if o.ClassName() == "Error" {
		return o.String()
	}
	if m := o.Get("message"); m != nil && m.ExportType().Kind().String() == "string" {
		name := "Error"
		if n := o.Get("name"); n != nil && !goja.IsUndefined(n) {
			name = n.String()
		}
		return name + ": " + m.String()
	}
	const limit = 4 << 10
	e := encoder{limit: limit}
	if ok, err := e.encode(o, ""); ok && err == nil {
		return string(e.buf)
	}
	return o.String()
}

func stackOf(ex *goja.Exception) string {
	var b strings.Builder
	for _, frame := range ex.Stack() {
		p := frame.Position()
		if p.Filename == "" {
			continue
		}
		fmt.Fprintf(&b, "    at %s (%s:%d:%d)\n", frame.FuncName(), p.Filename, p.Line, p.Column)
	}
	return b.String()
}
