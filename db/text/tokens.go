package text

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folding is which differences between texts count.
type Folding struct {
	Case       bool // A is not a
	Diacritics bool // é is not e
}

// token is a word, or one character of a run of a script without spaces. It is
// the part text[from:to] of the tokens it belongs to.
type token struct {
	from, to int
	single   bool // a character of a run
	joined   bool // stands right behind another character of the same run
}

// tokens are a text cut up. Reused, it allocates only to grow.
type tokens struct {
	text []byte // folded
	list []token
}

func (t *tokens) at(i int) []byte { return t.text[t.list[i].from:t.list[i].to] }

// cut cuts a text into tokens.
func (t *tokens) cut(src []byte, f Folding) {
	t.text, t.list = t.text[:0], t.list[:0]
	if isASCII(src) {
		t.cutASCII(src, f)
		return
	}
	if !norm.NFKC.IsNormal(src) {
		src = norm.NFKC.Bytes(src)
	}
	inRun := false
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		switch {
		case isRun(r):
			from := len(t.text)
			t.text = append(t.text, src[:size]...)
			t.list = append(t.list, token{from, len(t.text), true, inRun})
			inRun = true
		case isWord(r):
			size = t.word(src, f)
			inRun = false
		default:
			inRun = false
		}
		src = src[size:]
	}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (t *tokens) cutASCII(src []byte, f Folding) {
	t.text = append(t.text, src...)
	from := -1
	for i, c := range t.text {
		if 'A' <= c && c <= 'Z' && !f.Case {
			t.text[i] = c + 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			t.list = append(t.list, token{from: from, to: i})
			from = -1
		}
	}
	if from >= 0 {
		t.list = append(t.list, token{from: from, to: len(t.text)})
	}
}

// word adds the word that src begins with and returns how many bytes of src it
// is.
func (t *tokens) word(src []byte, f Folding) (size int) {
	for size < len(src) {
		r, n := utf8.DecodeRune(src[size:])
		if !isWord(r) || isRun(r) {
			break
		}
		size += n
	}
	from := len(t.text)
	t.text = appendFolded(t.text, src[:size], f)
	if len(t.text) > from {
		t.list = append(t.list, token{from: from, to: len(t.text)})
	}
	return size
}

// appendFolded appends a word without the differences that do not count.
func appendFolded(dst, word []byte, f Folding) []byte {
	if !f.Diacritics && !isASCII(word) {
		word = norm.NFD.Bytes(word)
	}
	from := len(dst)
	for _, r := range string(word) {
		if !f.Diacritics && unicode.Is(unicode.Mn, r) {
			continue
		}
		if !f.Case {
			r = unicode.ToLower(r)
		}
		dst = utf8.AppendRune(dst, r)
	}
	if f.Diacritics || norm.NFC.IsNormal(dst[from:]) {
		return dst
	}
	return append(dst[:from], norm.NFC.Bytes(slices.Clone(dst[from:]))...)
}

// isRun reports whether r is of a script that is written without spaces, or is
// treated so.
func isRun(r rune) bool {
	if r < 0x1100 {
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) ||
		r == 'ー' // makes the vowel before it long
}

// isWord reports whether r is part of a word.
func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r))
}

// Terms calls yield with each term under which an index keeps a text, as often
// as it comes: words, and of runs each pair of characters and the last character
// alone. The bytes are valid inside the call only; false ends it.
func Terms(src []byte, yield func(term []byte) bool) {
	var t tokens
	t.cut(src, Folding{})
	for i := range t.list {
		if !yield(t.term(i)) {
			return
		}
	}
}

// term returns the index term that begins at a token.
func (t *tokens) term(i int) []byte {
	to := t.list[i].to
	if t.list[i].single && i+1 < len(t.list) && t.list[i+1].joined {
		to = t.list[i+1].to // the pair: runs lie side by side in text
	}
	return cutTerm(t.text[t.list[i].from:to])
}

// cutTerm shortens a term to what an index keeps, at the end of a character.
func cutTerm(term []byte) []byte {
	if len(term) <= MaxTermBytes {
		return term
	}
	end := MaxTermBytes
	for end > 0 && !utf8.RuneStart(term[end]) {
		end--
	}
	return term[:end]
}

// sequence is what must stand in a text in a row.
type sequence struct {
	text []byte
	list []token
}

func (t *tokens) sequence(from, to int) sequence {
	s := sequence{text: bytes.Clone(t.text), list: slices.Clone(t.list[from:to])}
	s.list[0].joined = false // a run may begin inside another
	return s
}

func (s sequence) at(i int) []byte { return s.text[s.list[i].from:s.list[i].to] }

// isAt reports whether the sequence stands at token i of t.
func (s sequence) isAt(t *tokens, i int) bool {
	if i+len(s.list) > len(t.list) {
		return false
	}
	for k := range s.list {
		if s.list[k].joined && !t.list[i+k].joined || !bytes.Equal(s.at(k), t.at(i+k)) {
			return false
		}
	}
	return true
}
