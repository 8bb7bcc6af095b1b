package gojart_test

import (
	"testing"

	"baas/functions/gojart"
	"baas/functions/worker"
)

// Every module loads, on its own in a fresh instance.
func TestEveryModuleLoads(t *testing.T) {
	for _, name := range gojart.New(gojart.Options{}).Modules() {
		f := load(t, gojart.Options{SDK: []byte("exports[Symbol.for('baas.node-sdk')] = {}")}, noBridge, `exports.main = async e => { try { return typeof require(e.name) } catch (err) { return err.stack } }`)
		got, failure := f.invoke(t.Context(), `{"name":"`+name+`"}`)
		if failure != nil || got != `"object"` && got != `"function"` {
			t.Errorf("%s: got %s, %v", name, got, failure)
		}
	}
}

func TestPreparedEngineRuns(t *testing.T) {
	engine := gojart.New(gojart.Options{SDK: []byte("exports.x = 1")})
	engine.Prepare()
	p, err := engine.Compile(worker.Source{Name: worker.BundleName, Code: []byte(`console.log({}); exports.main = async () => require('wx-server-sdk').x`)})
	if err != nil {
		t.Fatal(err)
	}
	i, err := engine.New(p, bridge(noBridge))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if got, err := i.Invoke(t.Context(), worker.Invocation{MaxResult: 10}); err != nil || string(got) != "1" {
		t.Errorf("got %s, %v, want 1", got, err)
	}
}
