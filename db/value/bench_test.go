package value_test

import (
	"os"
	"testing"

	"baas/db/value"
)

// kilobyte returns the sample document of about 1 KB that the benchmarks share.
func kilobyte(b *testing.B) []byte {
	b.Helper()
	text, err := os.ReadFile("testdata/kilobyte.json")
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func BenchmarkParseJSON(b *testing.B) {
	text := kilobyte(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := value.ParseJSON(text, value.ParseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	d, err := value.ParseJSON(kilobyte(b), value.ParseOptions{})
	if err != nil {
		b.Fatal(err)
	}
	v := value.FromDoc(d)
	buf := make([]byte, 0, 4096)
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = value.AppendPlain(buf[:0], v)
		}
	})
	b.Run("canonical", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = value.AppendCanonical(buf[:0], v)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d, err := value.ParseJSON(kilobyte(b), value.ParseOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := value.Check(d); err != nil {
			b.Fatal(err)
		}
	}
}
