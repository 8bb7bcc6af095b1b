package gojart_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"baas/functions/gojart"
	"baas/functions/nodelib"
	"baas/functions/worker"
)

// site is what the requests of the tests reach.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("X-Method", r.Method)
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		fmt.Fprintf(w, "%s %s %s|%s|%s|%s", r.Method, r.URL.RequestURI(), body, r.Header.Get("X-Custom"), r.Header.Get("Authorization"), r.Header.Get("Content-Type"))
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"ok":true}`)
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "unpacked")
		z.Close()
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 300_000)) })
	mux.HandleFunc("/status/404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) })
	mux.HandleFunc("/redirect/307", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace("http://"+r.Host+"/echo", "127.0.0.1", "localhost", 1), http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/inside", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// outbound reaches the test's own server.
func outbound(t *testing.T) http.RoundTripper {
	t.Helper()
	rt := nodelib.NewOutbound(nodelib.OutboundOptions{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	t.Cleanup(rt.(interface{ CloseIdleConnections() }).CloseIdleConnections)
	return rt
}

func TestRequests(t *testing.T) {
	url := site(t)
	for _, tc := range []struct{ name, code, want string }{
		{"fetch", `const r = await fetch(url + '/json'); return [r.status, r.ok, r.headers.get('content-type'), await r.json(), r.url.endsWith('/json'), r.redirected]`, `[200,true,"application/json",{"ok":true},true,false]`},
		{"fetch posts", `const r = await fetch(url + '/echo?q=1', { method: 'POST', body: JSON.stringify({a: 1}), headers: { 'content-type': 'application/json', 'X-Custom': 'c' } }); return r.text()`, `"POST /echo?q=1 {\"a\":1}|c||application/json"`},
		{"fetch posts a form", `const r = await fetch(url + '/echo', { method: 'POST', body: new URLSearchParams({a: '1'}) }); return r.text()`, `"POST /echo a=1|||application/x-www-form-urlencoded;charset=UTF-8"`},
		{"fetch posts parts", `const f = new FormData(); f.append('a', '1'); f.append('f', new Blob(['data']), 'n.txt'); const text = await (await fetch(url + '/echo', { method: 'POST', body: f })).text(); return [text.includes('name="f"; filename="n.txt"'), /multipart\/form-data; boundary=/.test(text)]`, `[true,true]`},
		{"fetch unpacks", `return (await fetch(url + '/gzip')).text()`, `"unpacked"`},
		{"fetch follows", `const r = await fetch(url + '/redirect', { method: 'POST', body: 'x' }); return [r.redirected, await r.text()]`, `[true,"GET /echo |||"]`},
		{"fetch follows with its body", `const r = await fetch(url + '/redirect/307', { method: 'POST', body: 'x' }); return r.text()`, `"POST /echo x|||text/plain;charset=UTF-8"`},
		{"fetch keeps credentials on the site", `const r = await fetch(url + '/redirect', { headers: { authorization: 'secret' } }); return r.text()`, `"GET /echo ||secret|"`},
		{"fetch takes credentials nowhere else", `const r = await fetch(url + '/elsewhere', { headers: { authorization: 'secret', 'x-custom': 'c' } }); return r.text()`, `"GET /echo |c||"`},
		{"fetch ends loops", `try { await fetch(url + '/loop') } catch (e) { return [e.message, e.cause.message] }`, `["fetch failed","redirect count exceeded"]`},
		{"fetch by hand", `const r = await fetch(url + '/redirect', { redirect: 'manual' }); return [r.status, r.headers.get('location')]`, `[302,"/echo"]`},
		{"fetch is refused inside", `try { await fetch('http://169.254.169.254/latest') } catch (e) { return [e.message, e.cause.code] }`, `["fetch failed","EACCES"]`},
		{"fetch is refused inside after a redirect", `try { await fetch(url + '/inside') } catch (e) { return [e.message, e.cause.code] }`, `["fetch failed","EACCES"]`},
		{"fetch of nothing", `try { await fetch('http://127.0.0.1:1/') } catch (e) { return [e.name, e.cause.code] }`, `["TypeError","ECONNREFUSED"]`},
		{"fetch of another scheme", `try { await fetch('file:///etc/passwd') } catch (e) { return e.message }`, `"fetch failed"`},
		{"fetch is aborted", `const c = new AbortController(); setTimeout(() => c.abort(), 5); try { await fetch(url + '/hang', { signal: c.signal }) } catch (e) { return e.name }`, `"AbortError"`},
		{"fetch times out", `try { await fetch(url + '/hang', { signal: AbortSignal.timeout(5) }) } catch (e) { return e.name }`, `"TimeoutError"`},
		{"fetch is cut", `try { await (await fetch(url + '/cut')).text() } catch (e) { return e.message }`, `"terminated"`},
		{"fetch of much", `return (await (await fetch(url + '/large')).arrayBuffer()).byteLength`, `300000`},
		{"fetch 404", `const r = await fetch(url + '/status/404'); return [r.status, r.ok, r.statusText, await r.text()]`, `[404,false,"Not Found",""]`},
		{"fetch of a Request", `return (await fetch(new Request(url + '/echo', { method: 'PUT', body: 'b' }))).text()`, `"PUT /echo b|||text/plain;charset=UTF-8"`},

		{"http.get", `return new Promise((r, j) => http.get(url + '/echo?x', res => { let t = ''; res.setEncoding('utf8'); res.on('data', d => { t += d }); res.on('end', () => r([res.statusCode, res.headers['x-method'], res.headers['set-cookie'], t, res.complete])) }).on('error', j))`, `[200,"GET",["a=1","b=2"],"GET /echo?x |||",true]`},
		{"http.request", `return new Promise((r, j) => { const u = new URL(url); const q = http.request({ hostname: u.hostname, port: u.port, path: '/echo', method: 'post', headers: { 'X-Custom': 'v', 'Content-Type': 'a/b' }, auth: 'me:pw' }, res => { let t = ''; res.on('data', d => { t += d }); res.on('end', () => r(t)) }); q.on('error', j); q.write('one '); q.end('two') })`, `"POST /echo one two|v|Basic bWU6cHc=|a/b"`},
		{"http iterated", `const res = await new Promise(r => http.get(url + '/large', r)); let n = 0; const i = res[Symbol.asyncIterator](); for (let s = await i.next(); !s.done; s = await i.next()) n += s.value.length; return n`, `300000`},
		{"http error", `return new Promise(r => http.get('http://127.0.0.1:1/').on('error', e => r([e.code, e.syscall])))`, `["ECONNREFUSED","connect"]`},
		{"http refused inside", `return new Promise(r => http.get('http://192.168.0.1/').on('error', e => r(e.code)))`, `"EACCES"`},
		{"http unknown host", `return new Promise(r => http.get('http://no.such.host.invalid/').on('error', e => r(e.code)))`, `"ENOTFOUND"`},
		{"http timeout", `return new Promise(r => { const q = http.get(url + '/hang', { timeout: 5 }); q.on('timeout', () => q.destroy(new Error('too slow'))); q.on('error', e => r(e.message)) })`, `"too slow"`},
		{"http abort", `return new Promise(r => { const q = http.get(url + '/hang'); q.on('error', e => r(e.code)); setTimeout(() => q.abort(), 5) })`, `"ECONNRESET"`},
		{"http headers", `return new Promise(r => { const q = http.request(url + '/echo'); q.setHeader('X-A', ['1', '2']); r([q.getHeader('x-a'), q.hasHeader('host'), q.getHeaderNames(), q.path, q.method]); q.destroy(); q.on('error', () => {}) })`, `[["1","2"],true,["host","x-a"],"/echo","GET"]`},
		{"http bad header", `try { http.get(url, { headers: { 'a b': '1' } }) } catch (e) { return e.code }`, `"ERR_INVALID_HTTP_TOKEN"`},
		{"http bad value", `try { http.get(url, { headers: { a: 'x\ny' } }) } catch (e) { return e.code }`, `"ERR_INVALID_CHAR"`},
		{"http bad path", `try { http.get({ host: 'h', path: '/a b' }) } catch (e) { return e.code }`, `"ERR_UNESCAPED_CHARACTERS"`},
		{"http cut", `return new Promise(r => http.get(url + '/cut', res => { res.on('data', () => {}); res.on('error', e => r([e.message, e.code])) }))`, `["aborted","ECONNRESET"]`},
		{"http pipe", `const { pipeline } = require('stream/promises'); const fs = require('fs'); const res = await new Promise(r => http.get(url + '/large', r)); await pipeline(res, fs.createWriteStream('/tmp/large')); return fs.statSync('/tmp/large').size`, `300000`},
		{"http server", `try { http.createServer() } catch (e) { return e.message }`, `"http.createServer is not available in cloud functions"`},
		{"https wants https", `try { require('https').get('http://h/', { agent: new (require('https').Agent)() }); return 'went' } catch (e) { return e.code }`, `"went"`},
		{"net", `return new Promise(r => require('net').connect(80, 'h').on('error', e => r(e.message)))`, `"net.connect is not available in cloud functions"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := load(t, gojart.Options{Outbound: outbound(t)}, noBridge, "const http = require('http')\nexports.main = async ({ url }) => {"+tc.code+"}")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			got, failure := f.invoke(ctx, `{"url":"`+url+`"}`)
			if failure != nil || got != tc.want {
				t.Errorf("got %s, want %s; %v\n%s", got, tc.want, failure, f.logged())
			}
		})
	}
}

// An exception in the handler of an answer is an uncaught one: of the call that
// asked, not of the one that happens to run.
func TestThrowInAnAnswersHandler(t *testing.T) {
	url := site(t)
	f := load(t, gojart.Options{Outbound: outbound(t)}, noBridge, `
exports.main = ({ url, late }) => {
  if (url) require('http').get(url + '/json', res => { throw new RangeError('in the handler') })
  if (late) return 'left'
  return new Promise(r => setTimeout(() => r('fine'), 500))
}`)
	if got, failure := f.invoke(t.Context(), `{"late":true,"url":"`+url+`"}`); failure != nil || got != `"left"` {
		t.Fatalf("the first call: got %s, %v", got, failure)
	}
	if got, failure := f.invoke(t.Context(), `{}`); failure != nil || got != `"fine"` {
		t.Errorf("the next call: got %s, %v, want it untouched", got, failure)
	}
	if want := "Uncaught RangeError: in the handler"; !strings.Contains(f.logged(), want) {
		t.Errorf("log: got %q, want %q in it", f.logged(), want)
	}
	_, failure := f.invoke(t.Context(), `{"url":"`+url+`"}`)
	if want := "RangeError: in the handler"; failure == nil || failure.Kind != worker.UnhandledRejection || failure.Text != want {
		t.Errorf("its own call: got %v, want %s", failure, want)
	}
}

// A request that nobody waits for ends with its instance.
func TestHangingRequestEndsWithItsInstance(t *testing.T) {
	url := site(t) // it waits for its requests when it closes, so the instance must close first
	f := load(t, gojart.Options{Outbound: outbound(t)}, noBridge, `exports.main = async ({ url }) => { fetch(url).catch(() => {}); require('http').get(url).on('error', () => {}); return 'left' }`)
	if got, failure := f.invoke(t.Context(), `{"url":"`+url+`/hang"}`); failure != nil || got != `"left"` {
		t.Errorf("got %s, %v", got, failure)
	}
}
