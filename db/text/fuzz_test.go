package text_test

import (
	"strings"
	"testing"

	"baas/db/text"
	"baas/db/value"
)

// FuzzSearch: no text and no search panics, and what a search finds in a text is
// found under its look-ups in an index, whatever case and marks count.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{"The quick brown fox", "fox -dog"},
		{"中文全文检索", "全文 \"检索\""},
		{"Café résumé", "\"cafe resume\""},
		{"ｶﾞｲﾄﾞ コーヒー", "ガイド"},
		{"pre-market", "-\"a b\" pre-market"},
		{"\u0301 a", "\u0301"},
		{"İstanbul ß", "istanbul"},
	} {
		f.Add(seed[0], seed[1], false, false)
	}
	f.Fuzz(func(t *testing.T, document, search string, byCase, byMarks bool) {
		var b value.Builder
		b.AddString("$search", search)
		b.AddBool("$caseSensitive", byCase)
		b.AddBool("$diacriticSensitive", byMarks)
		s, err := text.Compile("$text", value.FromDoc(b.Doc()))
		if err != nil {
			return
		}
		lookups := s.Lookups()
		r := s.Match([]text.Field{{Text: []byte(document), Weight: 1}})
		terms := map[string]bool{}
		text.Terms([]byte(document), func(term []byte) bool {
			if len(term) == 0 || len(term) > text.MaxTermBytes {
				t.Fatalf("%q has the term %q", document, term)
			}
			terms[string(term)] = true
			return true
		})
		if r.Found && !underOne(lookups, terms) {
			t.Fatalf("%q is found in %q, but not under %v", search, document, lookups)
		}
	})
}

func underOne(lookups []text.Lookup, terms map[string]bool) bool {
	for _, l := range lookups {
		if terms[l.Term] {
			return true
		}
		if !l.Prefix {
			continue
		}
		for term := range terms {
			if strings.HasPrefix(term, l.Term) {
				return true
			}
		}
		if l.Term == "" {
			return true
		}
	}
	return false
}
