package gojart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"baas/functions/gojart"
	"baas/functions/worker"
)

// eightKB is an event of a hundred small objects.
func eightKB() string {
	items := make([]string, 100)
	for i := range items {
		items[i] = fmt.Sprintf(`{"_id":"id-%06d","name":"item %d","price":%d.5,"tags":["a","b"],"ok":true}`, i, i, i)
	}
	return `{"items":[` + strings.Join(items, ",") + `]}`
}

func benchmarkInvoke(b *testing.B, code, event string) {
	f := load(b, gojart.Options{}, noBridge, code)
	inv := worker.Invocation{Event: []byte(event), MaxResult: 1 << 20, Log: func(worker.LogRecord) {}}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.instance.Invoke(ctx, inv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInvokeTrivial(b *testing.B) {
	benchmarkInvoke(b, `exports.main = async event => ({ n: event.n })`, `{"n":1}`)
}

func BenchmarkInvokeLogging(b *testing.B) {
	benchmarkInvoke(b, `exports.main = async event => { console.log('got', event.n, event); return 1 }`, `{"n":1}`)
}

func BenchmarkInvokeEcho8KB(b *testing.B) {
	benchmarkInvoke(b, `exports.main = async event => event`, eightKB())
}

func BenchmarkInvokeFilter8KB(b *testing.B) {
	benchmarkInvoke(b, `exports.main = async ({ items }) => items.filter(i => i.price > 10).map(({ _id, price }) => ({ _id, price })).sort((a, b) => b.price - a.price)`, eightKB())
}

// BenchmarkNativeJSON8KB is the yardstick: goja's own parser and writer.
func BenchmarkNativeJSON8KB(b *testing.B) {
	vm := goja.New()
	if _, err := vm.RunString("function echo(text) { return JSON.stringify(JSON.parse(text)) }"); err != nil {
		b.Fatal(err)
	}
	echo, _ := goja.AssertFunction(vm.Get("echo"))
	text := vm.ToValue(eightKB())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := echo(goja.Undefined(), text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewInstance(b *testing.B) {
	engine := gojart.New(gojart.Options{})
	p, err := engine.Compile(worker.Source{Name: worker.BundleName, Code: []byte(`exports.main = async () => 1`)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		i, err := engine.New(p, bridge(noBridge))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := i.Invoke(b.Context(), worker.Invocation{MaxResult: 100}); err != nil {
			b.Fatal(err)
		}
		i.Close()
	}
}

func TestEightKBIsWhatItSays(t *testing.T) {
	if n := len(eightKB()); n < 7_000 || n > 9_000 || !json.Valid([]byte(eightKB())) {
		t.Errorf("the event has %d bytes, want about 8 KB of JSON", n)
	}
}
