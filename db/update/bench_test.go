package update_test

import (
	"os"
	"testing"

	"baas/db/update"
	"baas/db/value/valuetest"
)

// BenchmarkApply changes a document of about 1 KB in three places.
func BenchmarkApply(b *testing.B) {
	text, err := os.ReadFile("../value/testdata/kilobyte.json")
	if err != nil {
		b.Fatal(err)
	}
	d := valuetest.Doc(b, string(text))
	p, err := update.Compile(valuetest.Doc(b, `{"$inc":{"views":1},"$set":{"author.level":13},"$push":{"tags":"new"}}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Apply(run, d); err != nil {
			b.Fatal(err)
		}
	}
}
