// Package text finds documents by what is written in them: it cuts texts into
// terms, reads the searches of $text and scores what they find. It is pure and
// knows neither documents nor indexes.
//
// What a term is depends on the script. Where words are set apart, a word is one:
// letters, digits and the marks on them, compared without regard to case and
// diacritics (résumé is RESUME) and with full-width forms as narrow ones. There is
// no stemming: "cake" does not find "cakes". Han, Kana, Hangul and Bopomofo are
// written without a break, so a run of them is searched as a whole, anywhere in
// the text: 全文 finds 中文全文检索. An index keeps such runs as pairs of
// characters.
//
// Dangers first:
//
//   - An index keeps folded terms, cut to [MaxTermBytes]. What it finds must be
//     matched again: a search may ask for case, a phrase or a longer run.
//   - A search of only negated terms finds nothing, as in MongoDB.
package text

// Limits of a search and of one document in an index.
const (
	MaxSearchTerms = 1_000  // terms and phrases of one search
	MaxSearchBytes = 16_384 // of the text that is searched for
	MaxIndexTerms  = 20_000 // different terms of one document
	MaxTermBytes   = 128    // of a term in an index; longer words are cut
)
