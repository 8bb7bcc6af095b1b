package plan

import (
	"baas/db/query"
	"baas/db/value"
)

// Terms is a kind of index key that does not order values: it makes terms of
// what stands at its paths, and knows the ranges of terms in which the documents
// of a condition lie. Terms and bounds are in the form of the key: no term is
// the beginning of another.
type Terms interface {
	// Terms appends the terms of a document, in any order; none means that the
	// document has nothing of the kind, and no entry. The paths are those of the
	// neighbouring keys of one kind. An error refuses the document.
	Terms(dst [][]byte, paths []string, d value.Doc) ([][]byte, error)
	// Ranges returns ranges of terms that hold every document f selects; ok is
	// false when f has no condition of the kind on these paths.
	Ranges(paths []string, f *query.Filter) (ranges []Range, ok bool)
}

// Range is a half-open range of keys, relative to the index. A nil High means
// the end of the index.
type Range struct{ Low, High []byte }

// termsOf returns what makes the terms of a kind, nil for none.
func termsOf(k Kind) Terms {
	switch k {
	case Sphere2D:
		return sphere{}
	case Text:
		return words{}
	}
	return nil
}
