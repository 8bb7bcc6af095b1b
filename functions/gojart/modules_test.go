package gojart_test

import (
	"testing"

	"baas/functions/gojart"
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
