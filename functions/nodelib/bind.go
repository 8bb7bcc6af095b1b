package nodelib

import (
	"context"
	"errors"

	"github.com/dop251/goja"
)

// Func makes a JavaScript function with a name of its own: goja would show
// Go's.
func Func(vm *goja.Runtime, name string, f func(goja.FunctionCall) goja.Value) *goja.Object {
	o := vm.ToValue(f).(*goja.Object)
	if err := o.DefineDataProperty("name", vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		panic(err)
	}
	return o
}

// Funcs is a set of host functions by name.
type Funcs map[string]func(goja.FunctionCall) goja.Value

// Object makes an ordinary object of a set of functions.
func (f Funcs) Object(vm *goja.Runtime) *goja.Object {
	o := vm.NewObject()
	for name, function := range f {
		mustSet(o, name, Func(vm, name, function))
	}
	return o
}

// mustSet sets a member of an object of ours. It cannot fail there but by a
// hostile setter on the prototype, whose exception travels on.
func mustSet(o *goja.Object, name string, v goja.Value) {
	if err := o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
		panic(err)
	}
}

// Error makes a JavaScript error of one of the standard classes. A code, if
// not empty, becomes its member code, as Node has it.
func Error(vm *goja.Runtime, class, code, message string) *goja.Object {
	ctor := vm.GlobalObject().Get(class)
	o, err := vm.New(ctor, vm.ToValue(message))
	if err != nil {
		return vm.NewTypeError(message)
	}
	if code != "" {
		mustSet(o, "code", vm.ToValue(code))
	}
	return o
}

// coded is a Go error that shows in JavaScript as an Error with members.
type coded struct {
	class   string
	code    string
	message string
	members map[string]any // further members: strings and numbers
}

func (e *coded) Error() string { return e.message }

// jsError makes the JavaScript error of a Go error. Only errors of our own
// making show their text and members; a context's end says so.
func jsError(vm *goja.Runtime, err error) *goja.Object {
	c, ok := errors.AsType[*coded](err)
	switch {
	case ok:
		o := Error(vm, c.class, c.code, c.message)
		for name, v := range c.members {
			mustSet(o, name, vm.ToValue(v))
		}
		return o
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Error(vm, "Error", "ABORT_ERR", "the operation was aborted")
	}
	return Error(vm, "Error", "ERR_OPERATION_FAILED", err.Error())
}

// throw raises a Go error as a JavaScript exception.
func throw(vm *goja.Runtime, err error) {
	panic(vm.ToValue(jsError(vm, err)))
}

// await runs work off the loop and returns a promise of what it yields. work
// must return when its context ends and must not touch JavaScript; the
// function it returns makes the value on the loop.
func await(r Realm, work func(context.Context) (func() goja.Value, error)) goja.Value {
	vm := r.VM()
	promise, resolve, reject := vm.NewPromise()
	settle := r.Hold()
	r.Go(func(ctx context.Context) {
		made, err := work(ctx)
		settle(func() error {
			if err != nil {
				return reject(jsError(vm, err))
			}
			return resolve(made())
		})
	})
	return vm.ToValue(promise)
}

// Bytes returns the bytes that a view or ArrayBuffer shows, without copying.
// Strings are their UTF-8.
func Bytes(vm *goja.Runtime, v goja.Value) []byte {
	switch v.ExportType() {
	case bytesType:
		return v.Export().([]byte)
	case bufferType:
		return v.Export().(goja.ArrayBuffer).Bytes()
	}
	switch v := v.(type) {
	case goja.String:
		return []byte(v.String())
	case *goja.Object:
		if b, ok := viewOf(v); ok {
			return b
		}
	}
	panic(vm.ToValue(Error(vm, "TypeError", "ERR_INVALID_ARG_TYPE", "the data must be a string, Buffer, TypedArray or DataView")))
}

// viewOf returns the bytes of a DataView or of a view with wider elements.
func viewOf(o *goja.Object) ([]byte, bool) {
	v := o.Get("buffer")
	if v == nil || v.ExportType() != bufferType {
		return nil, false
	}
	b := v.Export().(goja.ArrayBuffer).Bytes()
	start, length := o.Get("byteOffset").ToInteger(), o.Get("byteLength").ToInteger()
	if start < 0 || length < 0 || start+length > int64(len(b)) {
		return nil, false
	}
	return b[start : start+length], true
}

// isSet reports whether an argument or member is there.
func isSet(v goja.Value) bool {
	return v != nil && !goja.IsUndefined(v) && !goja.IsNull(v)
}
