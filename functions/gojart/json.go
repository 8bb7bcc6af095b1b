package gojart

import (
	"errors"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/dop251/goja"

	"baas/functions/nodelib"
)

var promiseType = reflect.TypeFor[*goja.Promise]()

// classes are the error constructors as they were before user code ran.
type classes struct{ typeError, syntaxError, rangeError *goja.Object }

func classesOf(vm *goja.Runtime) classes {
	get := func(name string) *goja.Object { return vm.GlobalObject().Get(name).ToObject(vm) }
	return classes{get("TypeError"), get("SyntaxError"), get("RangeError")}
}

func (i *Instance) raise(class *goja.Object, text string) {
	o, err := i.vm.New(class, i.vm.ToValue(text))
	if err != nil {
		panic(err)
	}
	panic(o)
}

// installJSON puts our own JSON.parse and JSON.stringify in the place of
// goja's, which recurse without a bound, are slower, and lose lone surrogates.
// Text with a replacer or an indent is still goja's work.
func (i *Instance) installJSON() error {
	object := i.vm.GlobalObject().Get("JSON").ToObject(i.vm)
	native, _ := goja.AssertFunction(object.Get("stringify"))
	parse := nodelib.Func(i.vm, "parse", func(call goja.FunctionCall) goja.Value {
		v, err := decodeJSON(i.vm, wtf8(call.Argument(0)))
		if err != nil {
			i.raise(i.errors.syntaxError, err.Error())
		}
		if reviver, ok := goja.AssertFunction(call.Argument(1)); ok {
			holder := i.vm.NewObject()
			if err := define(holder, "", v); err != nil {
				panic(err)
			}
			return i.revive(reviver, holder, "", 0)
		}
		return v
	})
	stringify := nodelib.Func(i.vm, "stringify", func(call goja.FunctionCall) goja.Value {
		if len(call.Arguments) > 1 && (!goja.IsUndefined(call.Argument(1)) || !goja.IsUndefined(call.Argument(2))) {
			v, err := native(call.This, call.Arguments...)
			if err != nil {
				panic(err)
			}
			return v
		}
		return i.stringify(call.Argument(0))
	})
	return errors.Join(hide(object, "parse", parse), hide(object, "stringify", stringify))
}

// hide defines a member that does not show in enumerations.
func hide(o *goja.Object, name string, v goja.Value) error {
	return o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

func (i *Instance) stringify(v goja.Value) goja.Value {
	e := encoder{}
	ok, err := e.encode(v, "")
	switch {
	case errors.Is(err, errTooDeep):
		i.raise(i.errors.rangeError, err.Error())
	case err != nil:
		i.raise(i.errors.typeError, err.Error())
	case !ok:
		return goja.Undefined()
	}
	return i.vm.ToValue(string(e.buf))
}

// revive is the walk of JSON.parse's second argument: members before their
// owner.
func (i *Instance) revive(reviver goja.Callable, holder *goja.Object, key string, depth int) goja.Value {
	if depth > maxDepth+1 {
		i.raise(i.errors.rangeError, "the reviver made a value nested deeper than 1000 levels")
	}
	value := holder.Get(key)
	if o, ok := value.(*goja.Object); ok {
		for _, name := range i.revivable(o) {
			replaced := i.revive(reviver, o, name, depth+1)
			if goja.IsUndefined(replaced) {
				_ = o.Delete(name) // a frozen object keeps it, as in every engine
				continue
			}
			_ = define(o, name, replaced)
		}
	}
	if value == nil {
		value = goja.Undefined()
	}
	v, err := reviver(holder, i.vm.ToValue(key), value)
	if err != nil {
		panic(err)
	}
	return v
}

func (i *Instance) revivable(o *goja.Object) []string {
	if !isArray(o) {
		return o.Keys()
	}
	names := make([]string, o.Get("length").ToInteger())
	for n := range names {
		names[n] = strconv.Itoa(n)
	}
	return names
}

// wtf8 returns a value as text, with lone surrogates in the
// three-byte form that decodeJSON reads.
func wtf8(v goja.Value) string {
	text := v.String()
	s, ok := v.(goja.String)
	if !ok || !mayHoldSurrogates(text) {
		return text
	}
	out := make([]byte, 0, len(text))
	for n := 0; n < s.Length(); n++ {
		r := rune(s.CharAt(n))
		if r >= 0xD800 && r < 0xDC00 && n+1 < s.Length() {
			if low := rune(s.CharAt(n + 1)); low >= 0xDC00 && low < 0xE000 {
				r = 0x10000 + (r-0xD800)<<10 + low - 0xDC00
				n++
			}
		}
		if r >= 0xD800 && r < 0xE000 {
			out = append(out, 0xED, byte(0x80|r>>6&0x3F), byte(0x80|r&0x3F))
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
