package gojart

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

func TestDecodeJSON(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"order of members", `{"b":1,"a":2,"c":{"z":1,"y":2}}`, `{"b":1,"a":2,"c":{"z":1,"y":2}}`},
		{"index-like members come first, as in every engine", `{"b":1,"1":2,"0":3}`, `{"0":3,"1":2,"b":1}`},
		{"the last of two members wins", `{"a":1,"a":2}`, `{"a":2}`},
		{"__proto__ is data", `{"__proto__":{"x":1}}`, `{"__proto__":{"x":1}}`},
		{"constructor is data", `{"constructor":1,"prototype":2}`, `{"constructor":1,"prototype":2}`},
		{"white space", " \t\r\n[ 1 , 2 ]\n", `[1,2]`},
		{"numbers", `[0,-0,1.5,-2e3,1e400,123456789012345678,0.1,9007199254740993]`, `[0,0,1.5,-2000,null,123456789012345680,0.1,9007199254740992]`},
		{"words", `[true,false,null]`, `[true,false,null]`},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e9\u4f60"`, `"\"\\/\b\f\n\r\té你"`},
		{"pairs", `"\ud83d\ude00 😀"`, `"😀 😀"`},
		{"lone surrogates stay", `["\ud800","a\udc00b"]`, `["\ud800","a\udc00b"]`},
		{"empty ones", `[{},[],""]`, `[{},[],""]`},
		{"unicode members", `{"名字":"值"}`, `{"名字":"值"}`},
		{"line separators", "\"\u2028\u2029\"", "\"\u2028\u2029\""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vm := goja.New()
			v, err := decodeJSON(vm, tc.text)
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			e := encoder{}
			if _, err := e.encode(v, ""); err != nil {
				t.Fatalf("encode: %v", err)
			}
			if got := string(e.buf); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestDecodeJSONRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", ``, "Unexpected end of JSON input"},
		{"an open object", `{"a":1`, "Unexpected end of JSON input"},
		{"an open string", `"a`, "Unexpected end of JSON input"},
		{"a trailing comma", `[1,]`, "Unexpected token ] in JSON at position 3"},
		{"a bare word", `{a:1}`, "Unexpected token a in JSON at position 1"},
		{"single quotes", `'a'`, "Unexpected token ' in JSON at position 0"},
		{"more after the value", `1 2`, "Unexpected token 2 in JSON at position 2"},
		{"a leading zero", `01`, "Unexpected token 1 in JSON at position 1"},
		{"a leading plus", `+1`, "Unexpected token + in JSON at position 0"},
		{"a bare minus", `-`, "Unexpected end of JSON input"},
		{"a bare point", `1.`, "Unexpected end of JSON input"},
		{"a bare exponent", `1e`, "Unexpected end of JSON input"},
		{"half a word", `tru`, "Unexpected end of JSON input"},
		{"a control character", "\"a\nb\"", "Unexpected token \n in JSON at position 2"},
		{"a wrong escape", `"\x41"`, "Unexpected token x in JSON at position 2"},
		{"a short escape", `"\u12"`, "Unexpected token \" in JSON at position 5"},
		{"NaN", `NaN`, "Unexpected token N in JSON at position 0"},
		{"undefined", `undefined`, "Unexpected token u in JSON at position 0"},
		{"positions count UTF-16 units", `"😀"x`, "Unexpected token x in JSON at position 4"},
		{"nesting", strings.Repeat("[", 1001) + strings.Repeat("]", 1001), "JSON is nested deeper than 1000 levels"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := decodeJSON(goja.New(), tc.text)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestDecodeJSONTakesAThousandLevels(t *testing.T) {
	text := strings.Repeat(`{"a":`, 999) + "[1]" + strings.Repeat("}", 999)
	if _, err := decodeJSON(goja.New(), text); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestDecodeJSONIgnoresSettersOfThePrototype(t *testing.T) {
	vm := goja.New()
	if _, err := vm.RunString(`Object.defineProperty(Object.prototype, 'a', { set() { throw new Error('asked') }, configurable: true })`); err != nil {
		t.Fatal(err)
	}
	v, err := decodeJSON(vm, `{"a":1}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.(*goja.Object).Get("a").ToInteger(); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
}

// TestEncode holds our encoder against goja's JSON.stringify, which is right
// where it ends at all.
func TestEncode(t *testing.T) {
	for _, src := range []string{
		`undefined`, `null`, `true`, `0`, `-0`, `1.5`, `1e21`, `1e-7`, `123456789012345680000`, `NaN`, `Infinity`, `"a"`, `() => 1`, `Symbol('a')`,
		`[undefined, () => 1, Symbol('a'), NaN]`, `({a: undefined, b: () => 1, [Symbol('c')]: 1, d: null})`,
		`({a: {b: [1, {c: 2}]}})`, `[,1,,]`, `new Date(0)`, `[new Date(NaN)]`, `({toJSON(k) { return 'key ' + k }})`, `({a: {toJSON(k) { return 'key ' + k }}})`, `[{toJSON(k) { return 'key ' + k }}]`,
		`new Number(3)`, `new String('s')`, `new Boolean(false)`, `[new Number(3), new String('s'), new Boolean(true)]`,
		`new Map([[1, 2]])`, `new Set([1])`, `new Error('x')`, `/a/`, `new Uint8Array([1, 2])`, `class {}`, `new (class { a = 1; #b = 2; get c() { return 3 } })`,
		`Object.create({inherited: 1}, {own: {value: 1, enumerable: true}, hidden: {value: 2}})`,
		`({get a() { return 1 }})`, `"\"\\\b\f\n\r\t\u0001\u2028"`, `"\ud800"`, `"\udc00a"`, `"😀"`, `({"\"": 1, "名": 2})`, `[[], {}, [[]]]`,
		`new Proxy({a: 1}, {})`, `new Proxy([1, 2], {})`, `Object.assign([1], {x: 2})`, `JSON.rawJSON ? JSON.rawJSON('12345678901234567890') : 1`,
		`({toJSON: 1})`, `({toJSON() { return undefined }})`, `[{toJSON() { return undefined }}]`, `(function () { return arguments })(1, 2)`, `globalThis.JSON`, `Math`,
	} {
		t.Run(src, func(t *testing.T) {
			vm := goja.New()
			v, err := vm.RunString("globalThis.v = (" + src + ")")
			if err != nil {
				t.Fatal(err)
			}
			want, err := vm.RunString("JSON.stringify(v)")
			if err != nil {
				t.Fatal(err)
			}
			e := encoder{}
			ok, err := e.encode(v, "")
			if err != nil {
				t.Fatal(err)
			}
			got := string(e.buf)
			if !ok {
				got = "undefined"
			}
			if got != want.String() {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		want      error
	}{
		{"a cycle", `const o = {}; o.a = [o]; o`, errCircular},
		{"a BigInt", `[1n]`, errBigInt},
		{"a deep value", `let o = 1; for (let i = 0; i < 1001; i++) o = [o]; o`, errTooDeep},
		{"a large value", `'x'.repeat(2000)`, errTooLarge},
		{"a value that unfolds", `let o = ['x']; for (let i = 0; i < 40; i++) o = [o, o]; o`, errTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := goja.New().RunString(tc.src)
			if err != nil {
				t.Fatal(err)
			}
			e := encoder{limit: 1000}
			_, err = e.encode(v, "")
			if err == nil && len(e.buf) > e.limit {
				err = errTooLarge // what Invoke makes of a last value
			}
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// FuzzDecodeJSON: our decoder takes what Go's takes, yields the same value, and
// never panics.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,-3e2,"x\u00e9\ud800",null,true]}`, `[[[[]]]]`, `"\ud83d\ude00"`, `{"__proto__":1}`, "\"\xed\xa0\x80\"", `-`, `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		vm := goja.New()
		v, err := decodeJSON(vm, text)
		if err != nil {
			if json.Valid([]byte(text)) && !strings.Contains(err.Error(), "deeper") {
				t.Errorf("refused valid JSON %q: %v", text, err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("took invalid JSON %q", text)
		}
		e := encoder{}
		if _, err := e.encode(v, ""); err != nil {
			t.Fatalf("cannot encode what was decoded: %v", err)
		}
		again, err := decodeJSON(vm, string(e.buf))
		if err != nil {
			t.Fatalf("cannot decode what was encoded: %v", err)
		}
		e2 := encoder{}
		if _, err := e2.encode(again, ""); err != nil || string(e2.buf) != string(e.buf) {
			t.Errorf("not stable: %s, then %s", e.buf, e2.buf)
		}
	})
}
