package gojart_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/functions/gojart"
	"baas/functions/worker"
)

func TestAnswers(t *testing.T) {
	for _, tc := range []struct{ name, code, want string }{
		{"async", `exports.main = async e => ({ got: e.a })`, `{"got":1}`},
		{"sync", `exports.main = e => e.a + 1`, `2`},
		{"awaiting a timer", `exports.main = async () => { await new Promise(r => setTimeout(r, 2)); return 'late' }`, `"late"`},
		{"a thenable", `exports.main = () => ({ then(ok) { setTimeout(() => ok('thenable'), 1) } })`, `"thenable"`},
		{"a promise of a promise", `exports.main = () => Promise.resolve(Promise.resolve(7))`, `7`},
		{"a callback", `exports.main = (event, context, callback) => { setTimeout(() => callback(null, event), 1) }`, `{"a":1}`},
		{"a callback at once", `exports.main = (event, context, callback) => { callback(null, 'now'); return undefined }`, `"now"`},
		{"a callback is called twice", `exports.main = (event, context, callback) => { callback(null, 1); callback(null, 2) }`, `1`},
		{"a callback that never comes", `exports.main = (event, context, callback) => {}`, ``},
		{"undefined", `exports.main = async () => {}`, ``},
		{"null", `exports.main = async () => null`, `null`},
		{"a function", `exports.main = async () => () => 1`, ``},
		{"dates, buffers, undefined, functions", `exports.main = async () => ({ d: new Date(0), b: Buffer.from('hi'), u: undefined, f() {}, n: NaN })`, `{"d":"1970-01-01T00:00:00.000Z","b":{"type":"Buffer","data":[104,105]},"n":null}`},
		{"toJSON", `exports.main = async () => ({ toJSON: () => 'mine' })`, `"mine"`},
		{"module.exports is replaced", `module.exports = { main: async () => 'replaced' }`, `"replaced"`},
		{"this is the exports", `exports.x = 5; exports.main = function () { return this.x }`, `5`},
		{"a return of the event", `exports.main = async e => e`, `{"a":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := load(t, gojart.Options{}, noBridge, tc.code)
			got, failure := f.invoke(t.Context(), `{"a":1}`)
			if failure != nil {
				t.Fatalf("failed: %v\n%s", failure, failure.Stack)
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for _, tc := range []struct {
		name, code string
		kind       worker.FailureKind
		text       string // the failure's text, or its start if it ends in …
		stack      string // a part of the stack
	}{
		{"an error", "exports.main = async () => {\n  throw new TypeError('boom') }", worker.Threw, "TypeError: boom", "/var/user/index.js:2:9"},
		{"an error two calls deep", "function a() { throw new Error('x') }\nexports.main = async () => { await 1; a() }", worker.Threw, "Error: x", "    at a (/var/user/index.js:1:22)\n    at "},
		{"a sync throw", `exports.main = () => { throw new Error('x') }`, worker.Threw, "Error: x", "index.js:1:30"},
		{"a string", `exports.main = async () => { throw 'just text' }`, worker.Threw, "just text", ""},
		{"undefined", `exports.main = async () => { throw undefined }`, worker.Threw, "undefined", ""},
		{"an object", `exports.main = async () => { throw { errCode: -1, errMsg: 'no' } }`, worker.Threw, `{"errCode":-1,"errMsg":"no"}`, ""},
		{"something like an error", `exports.main = async () => { throw { name: 'Odd', message: 'm' } }`, worker.Threw, "Odd: m", ""},
		{"a hostile error", `exports.main = async () => { const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw 1 } }); throw e }`, worker.Threw, "an error that cannot be shown was thrown", ""},
		{"a callback's error", `exports.main = (e, c, cb) => { cb(new Error('cb')) }`, worker.Threw, "Error: cb", ""},
		{"a callback's string", `exports.main = (e, c, cb) => { cb('bad') }`, worker.Threw, "bad", ""},
		{"no handler", `exports.other = 1`, worker.NoHandler, "cannot find function index.main…", ""},
		{"a handler that is none", `exports.main = 5`, worker.NoHandler, "cannot find function index.main…", ""},
		{"exports is a number", `module.exports = 5`, worker.NoHandler, "cannot find function index.main…", ""},
		{"the top level throws", `throw new RangeError('top')`, worker.LoadFailed, "RangeError: top", "index.js:1:7"},
		{"a missing module", `require('nope')`, worker.LoadFailed, "Error: Cannot find module 'nope'", "index.js:1:8"},
		{"a missing file", `require('./nope')`, worker.LoadFailed, "Error: Cannot find module './nope'…", ""},
		{"a module that cannot be", `exports.main = async () => require('child_process').exec('id')`, worker.Threw, "Error: child_process.exec is not available in cloud functions", ""},
		{"a promise that never settles", `exports.main = () => new Promise(() => {})`, worker.EmptyLoop, "the handler's promise never settles: the event loop is empty", ""},
		{"only an unref'd timer", `exports.main = () => new Promise(r => setTimeout(r, 5).unref())`, worker.EmptyLoop, "the handler's promise…", ""},
		{"a throw in a timer", `exports.main = () => new Promise(() => setTimeout(() => { throw new Error('late') }, 1))`, worker.UnhandledRejection, "Error: late", "index.js:1"},
		{"a throw in a microtask", `exports.main = () => new Promise(() => queueMicrotask(() => { throw new Error('micro') }))`, worker.UnhandledRejection, "Error: micro", "index.js:1"},
		{"a throw in nextTick", `exports.main = () => new Promise(() => process.nextTick(() => { throw new Error('tick') }))`, worker.UnhandledRejection, "Error: tick", ""},
		{"an unhandled rejection", `exports.main = () => new Promise(r => { setTimeout(r, 50); Promise.reject(new Error('lost')) })`, worker.UnhandledRejection, "(in promise) Error: lost", "index.js:1"},
		{"a cycle", `exports.main = async () => { const o = {}; o.o = o; return o }`, worker.NotSerialisable, "TypeError: Converting circular structure to JSON", ""},
		{"a BigInt", `exports.main = async () => 1n`, worker.NotSerialisable, "TypeError: Do not know how to serialize a BigInt", ""},
		{"a toJSON that throws", `exports.main = async () => ({ toJSON() { throw new Error('json') } })`, worker.Threw, "Error: json", ""},
		{"a large result", `exports.main = async () => 'x'.repeat(1 << 21)`, worker.TooLarge, "the result is too large", ""},
		{"a large buffer", `exports.main = async () => Buffer.alloc(1 << 22)`, worker.TooLarge, "the result is too large", ""},
		{"process.exit", `exports.main = async () => { try { process.exit(3) } catch {} finally { for (;;); } }`, worker.Exited, "process.exit(3) was called", ""},
		{"endless recursion", `exports.main = async () => { (function f() { f() })() }`, worker.UnhandledRejection, "RangeError: Maximum call stack size exceeded", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := load(t, gojart.Options{}, noBridge, tc.code)
			got, failure := f.invoke(t.Context(), `{}`)
			if failure == nil {
				t.Fatalf("got %s, want a failure", got)
			}
			if failure.Kind != tc.kind {
				t.Errorf("kind: got %d, want %d", failure.Kind, tc.kind)
			}
			if start, ok := strings.CutSuffix(tc.text, "…"); ok && !strings.HasPrefix(failure.Text, start) || !ok && failure.Text != tc.text {
				t.Errorf("text: got %q, want %q", failure.Text, tc.text)
			}
			if !strings.Contains(failure.Stack, tc.stack) {
				t.Errorf("stack: got %q, want a part %q", failure.Stack, tc.stack)
			}
			if _, again := f.invoke(t.Context(), `{}`); failure.Kind.Spoils() && again != failure {
				t.Errorf("a spoilt instance: got %v, want the failure that spoilt it", again)
			}
		})
	}
}

func TestCompileFailures(t *testing.T) {
	for _, tc := range []struct{ name, code, text, stack string }{
		{"a syntax error", "const a = 1\nconst b = ;", "SyntaxError: Unexpected token ;", "    at /var/user/index.js:2:11"},
		{"a second const", "const a = 1; const a = 2", "SyntaxError: Identifier 'a' has already been declared", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := gojart.New(gojart.Options{}).Compile(worker.Source{Name: worker.BundleName, Code: []byte(tc.code)})
			failure, ok := errors.AsType[*worker.Failure](err)
			if !ok || failure.Kind != worker.LoadFailed {
				t.Fatalf("got %#v, want a LoadFailed", err)
			}
			if !strings.HasPrefix(failure.Text, tc.text) || !strings.HasPrefix(failure.Stack, tc.stack) {
				t.Errorf("got %q, %q, want %q, %q", failure.Text, failure.Stack, tc.text, tc.stack)
			}
		})
	}
}

func TestEndlessLoopEndsWithItsDeadline(t *testing.T) {
	for _, code := range []string{
		`exports.main = async () => { for (;;); }`,
		`exports.main = async () => { for (;;) await null }`,
		`exports.main = () => new Promise(r => { const f = () => setTimeout(f, 1); f() })`,
		`exports.main = () => new Promise(r => setTimeout(r, 60000))`,
		`exports.main = async () => { try { for (;;); } catch (e) { return 'caught' } finally { for (;;); } }`,
		`for (;;);`,
	} {
		f := load(t, gojart.Options{}, noBridge, code)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		_, failure := f.invoke(ctx, `{}`)
		cancel()
		if failure == nil || failure.Kind != worker.TimedOut {
			t.Errorf("%s: got %v, want TimedOut", code, failure)
		}
	}
}

func TestCancelledInvocation(t *testing.T) {
	f := load(t, gojart.Options{}, noBridge, `exports.main = () => new Promise(r => setTimeout(r, 60000))`)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, failure := f.invoke(ctx, `{}`); failure == nil || failure.Kind != worker.Cancelled {
		t.Errorf("got %v, want Cancelled", failure)
	}
}

// Globals stay, timers freeze and go on in the next invocation, and what they
// print is marked late.
func TestInstanceIsFrozenBetweenInvocations(t *testing.T) {
	f := load(t, gojart.Options{}, noBridge, `
let calls = 0
let ticks = 0
exports.main = async () => {
  calls++
  if (calls === 1) setTimeout(() => { ticks++; console.log('late line') }, 1)
  else await new Promise(r => setTimeout(r, 5))
  return { calls, ticks }
}`)
	for n, want := range []string{`{"calls":1,"ticks":0}`, `{"calls":2,"ticks":1}`} {
		got, failure := f.invoke(t.Context(), `{}`)
		if failure != nil || got != want {
			t.Errorf("call %d: got %s, %v, want %s", n+1, got, failure, want)
		}
	}
	if len(f.lines) != 1 || !f.lines[0].Late || f.lines[0].Text != "late line" {
		t.Errorf("lines: got %+v, want one late line", f.lines)
	}
}

// What one caller left behind must not fail another one's call.
func TestLateFailureIsLoggedOnly(t *testing.T) {
	f := load(t, gojart.Options{}, noBridge, `
let calls = 0
exports.main = async () => {
  if (calls++ > 0) { await new Promise(r => setTimeout(r, 5)); return 'fine' }
  setTimeout(() => { throw new Error('thrown late') }, 1)
  setTimeout(() => { Promise.reject(new Error('rejected late')) }, 1)
  return 'first'
}`)
	for _, want := range []string{`"first"`, `"fine"`} {
		if got, failure := f.invoke(t.Context(), `{}`); failure != nil || got != want {
			t.Fatalf("got %s, %v, want %s", got, failure, want)
		}
	}
	for _, want := range []string{"Uncaught Error: thrown late\n    at ", "Uncaught (in promise) Error: rejected late\n    at "} {
		if !strings.Contains(f.logged(), want) {
			t.Errorf("log: got %q, want %q in it", f.logged(), want)
		}
	}
}

func TestListenersOfProcess(t *testing.T) {
	f := load(t, gojart.Options{}, noBridge, `
const seen = []
process.on('uncaughtException', e => seen.push('uncaught ' + e.message))
process.on('unhandledRejection', e => seen.push('unhandled ' + e.message))
exports.main = async () => {
  setTimeout(() => { throw new Error('a') }, 1)
  Promise.reject(new Error('b'))
  await new Promise(r => setTimeout(r, 5))
  return seen
}`)
	got, failure := f.invoke(t.Context(), `{}`)
	if want := `["unhandled b","uncaught a"]`; failure != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, failure, want)
	}
}

func TestEnvironment(t *testing.T) {
	engine := gojart.New(gojart.Options{})
	p, err := engine.Compile(worker.Source{Name: worker.BundleName, Code: []byte(`
exports.main = async e => { process.env.n = 5; return [process.env.FIXED, process.env.CALL, process.env.NOPE, process.env.n, Object.keys(process.env).length] }`), Env: map[string]string{"FIXED": "f", "CALL": "base"}})
	if err != nil {
		t.Fatal(err)
	}
	instance, err := engine.New(p, bridge(noBridge))
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	for _, tc := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"CALL": "one", "EXTRA": "x"}, `["f","one",null,"5",4]`},
		{nil, `["f","base",null,"5",3]`},
	} {
		got, err := instance.Invoke(t.Context(), worker.Invocation{Env: tc.env, MaxResult: 1000})
		if err != nil || string(got) != tc.want {
			t.Errorf("env %v: got %s, %v, want %s", tc.env, got, err, tc.want)
		}
	}
}

const askServer = `
const host = require('baas:host')
exports.main = async e => {
  if (e.late) { setTimeout(async () => { try { await host.act('{}') } catch (err) { console.log(err.code) } }, 1); return 'left' }
  if (e.wait) await new Promise(r => setTimeout(r, 10))
  try { return { reply: JSON.parse(await host.act('{"action":"a"}')), id: await host.upload('p/x', Buffer.from('data')), text: String(await host.download('cloud://x')), context: host.context(), env: host.env } } catch (err) { return { code: err.code, errCode: err.errCode, errMsg: err.errMsg, message: err.message } }
}`

func TestHostModule(t *testing.T) {
	server := func(_ context.Context, invocation uint64, op worker.Op, head, body []byte) ([]byte, []byte, error) {
		switch op {
		case worker.OpAct:
			return nil, fmt.Appendf(nil, `{"call":%d,"body":%s}`, invocation, body), nil
		case worker.OpUpload:
			return []byte(`{"fileID":"cloud://dev/` + string(body) + `"}`), nil, nil
		default:
			return nil, append([]byte("of "), head...), nil
		}
	}
	f := load(t, gojart.Options{}, server, askServer)
	got, failure := f.invoke(t.Context(), `{}`)
	want := `{"reply":{"call":1,"body":{"action":"a"}},"id":"cloud://dev/data","text":"of {\"fileID\":\"cloud://x\"}","context":{"OPENID":"o1"},"env":"dev"}`
	if failure != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, failure, want)
	}
}

func TestHostModuleRefusals(t *testing.T) {
	server := func(context.Context, uint64, worker.Op, []byte, []byte) ([]byte, []byte, error) {
		return nil, nil, fault.New(fault.FunctionNotFound, "no such function")
	}
	f := load(t, gojart.Options{}, server, askServer)
	got, failure := f.invoke(t.Context(), `{}`)
	want := `{"code":"FUNCTION_NOT_FOUND","errCode":-501000,"errMsg":"no such function","message":"no such function"}`
	if failure != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, failure, want)
	}
}

// A call that a finished invocation left behind has nobody's identity.
func TestLateHostCallIsRefused(t *testing.T) {
	calls := 0
	f := load(t, gojart.Options{}, func(context.Context, uint64, worker.Op, []byte, []byte) ([]byte, []byte, error) {
		calls++
		return nil, nil, fault.New(fault.SysErr, "refused")
	}, askServer)
	f.invoke(t.Context(), `{"late":true}`)
	f.invoke(t.Context(), `{"wait":true}`)
	if calls != 1 {
		t.Errorf("calls of the server: got %d, want 1: the late one is nobody's", calls)
	}
	if got, want := f.logged(), "INVALID_REQUEST_SOURCE\n"; got != want {
		t.Errorf("log: got %q, want %q", got, want)
	}
}

func TestInstanceWaitsForItsWork(t *testing.T) {
	ended := make(chan struct{})
	engine := gojart.New(gojart.Options{})
	p, err := engine.Compile(worker.Source{Name: worker.BundleName, Code: []byte(`exports.main = async () => { require('baas:host').act('{}'); return 1 }`)})
	if err != nil {
		t.Fatal(err)
	}
	instance, err := engine.New(p, bridge(func(ctx context.Context, _ uint64, _ worker.Op, _, _ []byte) ([]byte, []byte, error) {
		<-ctx.Done()
		close(ended)
		return nil, nil, ctx.Err()
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := instance.Invoke(t.Context(), worker.Invocation{MaxResult: 100}); err != nil {
		t.Fatal(err)
	}
	instance.Close()
	select {
	case <-ended:
	default:
		t.Error("Close returned while a call was still running")
	}
}

func TestSDKModule(t *testing.T) {
	f := load(t, gojart.Options{SDK: []byte(`const host = require('baas:host'); exports.env = host.env; module.exports.same = () => require('wx-server-sdk') === module.exports; module.exports[Symbol.for('baas.node-sdk')] = { node: true }`)}, noBridge, `
exports.main = async () => [require('wx-server-sdk').env, require('wx-server-sdk').same(), require('@cloudbase/node-sdk').node, require('tcb-admin-node') === require('@cloudbase/node-sdk')]`)
	got, failure := f.invoke(t.Context(), `{}`)
	if want := `["dev",true,true,true]`; failure != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, failure, want)
	}
}

func TestJSONGlobals(t *testing.T) {
	for _, tc := range []struct{ name, code, want string }{
		{"a reviver", `JSON.parse('{"a":1,"b":[2,3],"c":null}', function (k, v) { return typeof v === 'number' ? v * 2 : v })`, `{"a":2,"b":[4,6],"c":null}`},
		{"a reviver that deletes", `JSON.parse('{"a":1,"b":2}', (k, v) => k === 'a' ? undefined : v)`, `{"b":2}`},
		{"a replacer", `JSON.stringify({a: 1, b: 2}, ['a'])`, `"{\"a\":1}"`},
		{"an indent", `JSON.stringify({a: 1}, null, 2)`, `"{\n  \"a\": 1\n}"`},
		{"no JSON", `String(JSON.stringify(undefined))`, `"undefined"`},
		{"a lone surrogate", `JSON.parse(JSON.stringify('\ud800')) === '\ud800'`, `true`},
		{"a raw lone surrogate", `JSON.parse('"' + '\udc00' + '"').charCodeAt(0)`, `56320`},
		{"a syntax error", `(() => { try { JSON.parse('{') } catch (e) { return [e instanceof SyntaxError, e.message] } })()`, `[true,"Unexpected end of JSON input"]`},
		{"deep text", `(() => { try { JSON.parse('['.repeat(1e6)) } catch (e) { return e.message } })()`, `"JSON is nested deeper than 1000 levels"`},
		{"a deep value", `(() => { let o = 1; for (let i = 0; i < 1e5; i++) o = [o]; try { JSON.stringify(o) } catch (e) { return e instanceof RangeError } })()`, `true`},
		{"a cycle", `(() => { const o = {}; o.o = o; try { JSON.stringify(o) } catch (e) { return [e instanceof TypeError, e.message] } })()`, `[true,"Converting circular structure to JSON"]`},
		{"not enumerable", `Object.keys(JSON).length`, `0`},
		{"a non-string", `JSON.parse(12)`, `12`},
		{"prototype pollution", `(() => { const o = JSON.parse('{"__proto__":{"polluted":1}}'); return [({}).polluted, Object.keys(o), Object.getPrototypeOf(o) === Object.prototype] })()`, `[null,["__proto__"],true]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := load(t, gojart.Options{}, noBridge, "exports.main = async () => ("+tc.code+")")
			got, failure := f.invoke(t.Context(), `{}`)
			if failure != nil || got != tc.want {
				t.Errorf("got %s, %v, want %s", got, failure, tc.want)
			}
		})
	}
}
