package plan

import (
	"baas/db/fault"
	"baas/db/keyenc"
	"baas/db/query"
	"baas/db/text"
	"baas/db/value"
)

// words makes the terms of text keys: what db/text cuts out of all texts at their
// paths, each ended by a NUL, which no term holds.
type words struct{}

// Terms implements [Terms]. A document with too many refuses itself.
func (words) Terms(dst [][]byte, paths []string, d value.Doc) ([][]byte, error) {
	seen := map[string]bool{}
	for _, path := range paths {
		query.Texts(d, path, func(found []byte) {
			text.Terms(found, func(term []byte) bool {
				if !seen[string(term)] {
					seen[string(term)] = true
					dst = append(dst, append(append(make([]byte, 0, len(term)+1), term...), 0))
				}
				return len(seen) <= text.MaxIndexTerms
			})
		})
	}
	if len(seen) > text.MaxIndexTerms {
		return nil, fault.New(fault.DatabaseFailed, "the text index holds at most %d different words of one document; "+
			"split the text at %s over several documents", text.MaxIndexTerms, paths[0])
	}
	return dst, nil
}

// Ranges implements [Terms]. A collection has one text index, so that $text needs
// no paths.
func (words) Ranges(_ []string, f *query.Filter) (ranges []Range, ok bool) {
	search := f.TextSearch()
	if search == nil {
		return nil, false
	}
	for _, l := range search.Lookups() {
		low := append([]byte(l.Term), 0)
		if l.Prefix {
			low = []byte(l.Term)
		}
		high := keyenc.After(low)
		if len(low) == 0 {
			high = []byte{0xFF} // no UTF-8 begins so
		}
		ranges = append(ranges, Range{Low: low, High: high})
	}
	return ranges, true
}
