package nodelib

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/dop251/goja"
)

// readChunk is how much of an answer crosses to JavaScript at a time.
const readChunk = 64 << 10

// maxExchanges bounds the requests and unread answers of one instance.
const maxExchanges = 256

// httpHost binds outbound requests to one realm. Its exchanges are known to
// JavaScript by number.
type httpHost struct {
	realm     Realm
	vm        *goja.Runtime
	exchanges map[int64]*exchange // on the loop only
	last      int64
}

// exchange is one request and its answer. cancel ends both.
type exchange struct {
	cancel context.CancelFunc
	body   io.ReadCloser // nil before the answer
}

// bindHTTP gives the modules http and fetch their requests.
func bindHTTP(r Realm) *goja.Object {
	h := &httpHost{realm: r, vm: r.VM(), exchanges: make(map[int64]*exchange)}
	return Funcs{
		"start":  h.start,
		"read":   h.read,
		"cancel": h.cancel,
	}.Object(h.vm)
}

// start(method, url, headers, body, onAnswer, onError) → number. headers is a
// flat array of names and values; onAnswer gets the status, its text, the
// version and the flat headers.
func (h *httpHost) start(call goja.FunctionCall) goja.Value {
	if len(h.exchanges) >= maxExchanges {
		throw(h.vm, &coded{class: "Error", code: "EMFILE", message: "too many open requests"})
	}
	onAnswer, ok1 := goja.AssertFunction(call.Argument(4))
	onError, ok2 := goja.AssertFunction(call.Argument(5))
	if !ok1 || !ok2 {
		panic(h.vm.NewTypeError("the callbacks must be functions"))
	}
	req, err := h.request(call)
	if err != nil {
		throw(h.vm, err)
	}
	h.last++
	// The answer's body outlives the work that waits for its head.
	ctx, cancel := context.WithCancel(h.realm.Life())
	id, x := h.last, &exchange{cancel: cancel}
	h.exchanges[id] = x
	settle := h.realm.Hold()
	h.realm.Go(func(context.Context) {
		res, err := h.realm.Outbound().RoundTrip(req.WithContext(ctx))
		settle(func() error {
			if err != nil {
				return h.fail(id, onError, err)
			}
			x.body = res.Body
			if h.exchanges[id] != x { // cancelled meanwhile
				return res.Body.Close()
			}
			_, err := onAnswer(goja.Undefined(), h.vm.ToValue(res.StatusCode), h.vm.ToValue(statusText(res)), h.vm.ToValue(fmt.Sprintf("%d.%d", res.ProtoMajor, res.ProtoMinor)), h.flatten(res))
			return err
		})
	})
	return h.vm.ToValue(id)
}

func (h *httpHost) fail(id int64, onError goja.Callable, err error) error {
	if x, ok := h.exchanges[id]; ok {
		x.cancel()
		delete(h.exchanges, id)
	}
	_, failed := onError(goja.Undefined(), jsError(h.vm, networkError(err)))
	return failed
}

func (h *httpHost) request(call goja.FunctionCall) (*http.Request, error) {
	target, err := url.Parse(call.Argument(1).String())
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, &coded{class: "TypeError", code: "ERR_INVALID_URL", message: "Invalid URL"}
	}
	target.User, target.Fragment = nil, ""
	var body []byte
	if isSet(call.Argument(3)) {
		body = slices.Clone(Bytes(h.vm, call.Argument(3)))
	}
	req, err := http.NewRequest(call.Argument(0).String(), target.String(), bytes.NewReader(body)) //nolint:noctx // RoundTrip gets it with its context
	if err != nil {
		return nil, &coded{class: "TypeError", code: "ERR_INVALID_HTTP_TOKEN", message: "Method must be a valid HTTP token"}
	}
	if body == nil {
		req.Body, req.GetBody = http.NoBody, nil
	}
	req.Header = http.Header{"User-Agent": nil}
	flat, ok := call.Argument(2).(*goja.Object)
	if !ok {
		return req, nil
	}
	n := int(flat.Get("length").ToInteger())
	for i := 0; i+1 < n; i += 2 {
		name, value := flat.Get(strconv.Itoa(i)).String(), flat.Get(strconv.Itoa(i+1)).String()
		switch strings.ToLower(name) {
		case "host":
			req.Host = value
		case "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "upgrade", "te", "trailer":
			// The transport's own business.
		case "user-agent":
			req.Header["User-Agent"] = []string{value}
		default:
			req.Header.Add(name, value)
		}
	}
	return req, nil
}

func statusText(res *http.Response) string {
	_, text, _ := strings.Cut(res.Status, " ")
	return text
}

func (h *httpHost) flatten(res *http.Response) goja.Value {
	var flat []any
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		for _, value := range res.Header[name] {
			flat = append(flat, name, value)
		}
	}
	if res.ContentLength >= 0 && res.Header.Get("Content-Length") == "" && res.Request.Method != http.MethodHead && res.ContentLength > 0 {
		flat = append(flat, "Content-Length", strconv.FormatInt(res.ContentLength, 10))
	}
	return h.vm.NewArray(flat...)
}

// read(number, onData, onError): onData gets the next bytes, null at the end.
func (h *httpHost) read(call goja.FunctionCall) goja.Value {
	id := call.Argument(0).ToInteger()
	onData, ok1 := goja.AssertFunction(call.Argument(1))
	onError, ok2 := goja.AssertFunction(call.Argument(2))
	x, ok := h.exchanges[id]
	if !ok1 || !ok2 || !ok || x.body == nil {
		throw(h.vm, &coded{class: "Error", code: "ERR_STREAM_DESTROYED", message: "the answer is not there any more"})
	}
	settle := h.realm.Hold()
	h.realm.Go(func(context.Context) {
		buffer := make([]byte, readChunk)
		n, err := x.body.Read(buffer)
		for n == 0 && err == nil {
			n, err = x.body.Read(buffer)
		}
		settle(func() error {
			if n > 0 {
				_, failed := onData(goja.Undefined(), h.vm.ToValue(h.vm.NewArrayBuffer(buffer[:n:n])))
				return failed
			}
			if !errors.Is(err, io.EOF) {
				return h.fail(id, onError, err)
			}
			h.drop(id)
			_, failed := onData(goja.Undefined(), goja.Null())
			return failed
		})
	})
	return goja.Undefined()
}

// cancel(number) ends an exchange; its callbacks are not called any more
// except for a failure of the request under way.
func (h *httpHost) cancel(call goja.FunctionCall) goja.Value {
	h.drop(call.Argument(0).ToInteger())
	return goja.Undefined()
}

func (h *httpHost) drop(id int64) {
	x, ok := h.exchanges[id]
	if !ok {
		return
	}
	delete(h.exchanges, id)
	x.cancel()
	if x.body != nil {
		_ = x.body.Close()
	}
}

// networkError words a failure as Node does.
func networkError(err error) error {
	if c, ok := errors.AsType[*coded](err); ok {
		return c
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return &coded{class: "Error", code: "ENOTFOUND", message: "getaddrinfo ENOTFOUND " + dns.Name, members: map[string]any{"errno": -3008, "syscall": "getaddrinfo", "hostname": dns.Name}}
	}
	address := ""
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
		address = " " + op.Addr.String()
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		names := map[syscall.Errno]string{
			syscall.ECONNREFUSED: "ECONNREFUSED", syscall.ECONNRESET: "ECONNRESET", syscall.ETIMEDOUT: "ETIMEDOUT",
			syscall.EHOSTUNREACH: "EHOSTUNREACH", syscall.ENETUNREACH: "ENETUNREACH", syscall.EPIPE: "EPIPE",
		}
		if name, ok := names[number]; ok {
			return &coded{class: "Error", code: name, message: "connect " + name + address, members: map[string]any{"errno": -int(number), "syscall": "connect"}}
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &coded{class: "Error", code: "ECONNRESET", message: "socket hang up"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &coded{class: "Error", code: "ECONNRESET", message: "socket hang up"}
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return &coded{class: "Error", code: "ETIMEDOUT", message: "connect ETIMEDOUT" + address}
	}
	text := err.Error()
	if strings.Contains(text, "tls:") || strings.Contains(text, "x509:") || strings.Contains(text, "certificate") {
		return &coded{class: "Error", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", message: text}
	}
	return &coded{class: "Error", code: "ECONNRESET", message: text}
}
