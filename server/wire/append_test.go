package wire_test

import (
	"testing"

	"baas/server/wire"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	b := wire.AppendText([]byte("{"), "a", "x\"\n\xff")
	b = wire.AppendInt(b, "b", -5)
	b = wire.Quote(wire.AppendName(b, "c"), []byte(`{"d":"e"}`))
	if got, want := string(append(b, '}')), `{"a":"x\"\n`+"\ufffd"+`","b":-5,"c":"{\"d\":\"e\"}"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(wire.AppendInt(nil, "n", 1)); got != `"n":1` {
		t.Errorf("members without an object: got %s", got)
	}
}
