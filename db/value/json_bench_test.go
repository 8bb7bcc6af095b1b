package value_test

import (
	"encoding/json"
	"testing"

	"baas/db/value"
)

// BenchmarkRoundTrip is JSON → document → JSON of one kilobyte, beside
// encoding/json through any.
func BenchmarkRoundTrip(b *testing.B) {
	text := kilobyte(b)
	b.Run("value", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 4096)
		for b.Loop() {
			d, err := value.ParseJSON(text, value.ParseOptions{})
			if err != nil {
				b.Fatal(err)
			}
			buf = value.AppendPlain(buf[:0], value.FromDoc(d))
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(text, &v); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
