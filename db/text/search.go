package text

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"baas/db/fault"
	"baas/db/value"
)

// Search is a compiled $text. It is immutable and safe for concurrent use.
type Search struct {
	folding Folding
	any     []sequence // one must be in the document: words and runs
	all     []sequence // each must be in it: phrases
	none    []sequence // none may be in it

	// begins says which sequences begin with a token, by their numbers: those of
	// any, then all, then none.
	begins map[string][]int
}

func (s *Search) sequence(number int) sequence {
	if number < len(s.any) {
		return s.any[number]
	}
	if number -= len(s.any); number < len(s.all) {
		return s.all[number]
	}
	return s.none[number-len(s.all)]
}

func (s *Search) size() int { return len(s.any) + len(s.all) + len(s.none) }

func (s *Search) ready() {
	s.begins = make(map[string][]int, s.size())
	for number := range s.size() {
		first := string(s.sequence(number).at(0))
		s.begins[first] = append(s.begins[first], number)
	}
}

// Compile reads the operand of $text: {$search, $language, $caseSensitive,
// $diacriticSensitive}. In $search, terms are separated by spaces and OR-ed, a
// "phrase" in quotes must be found, and a term or phrase behind a - must not.
// English words that say nothing are left out of terms, unless $language is
// "none". The error is a DatabaseFailed that names at.
func Compile(at string, v value.Value) (*Search, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object with $search")
	}
	p := parser{at: at, stop: true}
	text := value.Value{}
	for key, member := range v.Doc().All() {
		where := at + "." + key
		var err error
		switch key {
		case "$search":
			if text = member; text.Type != value.TypeString {
				err = fault.Refused(where, "must be a text")
			}
		case "$language":
			err = p.language(where, member)
		case "$caseSensitive":
			p.folding.Case, err = flag(where, member)
		case "$diacriticSensitive":
			p.folding.Diacritics, err = flag(where, member)
		default:
			err = fault.Refused(where, "unknown option; $text takes $search, $language, $caseSensitive and $diacriticSensitive")
		}
		if err != nil {
			return nil, err
		}
	}
	if text.IsMissing() {
		return nil, fault.Refused(at, "needs $search, the text to look for")
	}
	return p.parse(text.Text())
}

func flag(at string, v value.Value) (bool, error) {
	if v.Type != value.TypeBool {
		return false, fault.Refused(at, "must be true or false")
	}
	return v.IsTrue(), nil
}

// parser reads a search.
type parser struct {
	at      string
	folding Folding
	stop    bool // leave English stop words out
	out     Search
	cut     tokens
}

func (p *parser) language(at string, v value.Value) error {
	switch name := v.Text(); name {
	case "none":
		p.stop = false
	case "english", "en":
	default:
		return fault.Refused(at, `the language is not supported; leave it out, or give "none" to search for English stop words too`)
	}
	return nil
}

func (p *parser) parse(text string) (*Search, error) {
	if len(text) > MaxSearchBytes {
		return nil, fault.Refused(p.at+".$search", "is longer than %d bytes", MaxSearchBytes)
	}
	for text != "" {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		rest, minus := strings.CutPrefix(text, "-")
		if phrase, behind, ok := quoted(rest); ok {
			p.phrase(phrase, minus)
			text = behind
			continue
		}
		end := strings.IndexFunc(rest, isBreak)
		if end == 0 && !unicode.IsSpace(first(rest)) {
			end = 1 // a quote without its partner
		}
		if end < 0 {
			end = len(rest)
		}
		p.chunk(rest[:end], minus)
		text = rest[end:]
	}
	if p.out.size() > MaxSearchTerms {
		return nil, fault.Refused(p.at+".$search", "has more than %d terms", MaxSearchTerms)
	}
	p.out.folding = p.folding
	p.out.ready()
	return &p.out, nil
}

func first(s string) rune {
	for _, r := range s {
		return r
	}
	return ' '
}

// isBreak ends a chunk: a space, or the beginning of a phrase.
func isBreak(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == '“' }

// quoted returns the phrase that s begins with and what stands behind it.
func quoted(s string) (phrase, behind string, ok bool) {
	for _, marks := range [][2]string{{`"`, `"`}, {"“", "”"}} {
		if inner, opened := strings.CutPrefix(s, marks[0]); opened {
			return strings.Cut(inner, marks[1])
		}
	}
	return "", "", false
}

// phrase adds a phrase; its words are terms too, which count for the score.
func (p *parser) phrase(text string, minus bool) {
	p.cut.cut([]byte(text), p.folding)
	if len(p.cut.list) == 0 {
		return
	}
	whole := p.cut.sequence(0, len(p.cut.list))
	if minus {
		p.out.none = append(p.out.none, whole)
		return
	}
	p.out.all = append(p.out.all, whole)
	p.terms()
}

// chunk adds what stands between two spaces.
func (p *parser) chunk(text string, minus bool) {
	p.cut.cut([]byte(text), p.folding)
	switch {
	case len(p.cut.list) == 0:
	case minus:
		p.out.none = append(p.out.none, p.cut.sequence(0, len(p.cut.list)))
	default:
		p.terms()
	}
}

// terms adds each word and each run of the tokens that were just cut.
func (p *parser) terms() {
	list := p.cut.list
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].joined {
			to++
		}
		term := p.cut.sequence(from, to)
		from = to
		if p.stop && len(term.list) == 1 && isStopWord(term.at(0)) {
			continue
		}
		if len(p.out.any) <= MaxSearchTerms && !slices.ContainsFunc(p.out.any, term.equal) {
			p.out.any = append(p.out.any, term)
		}
	}
}

func (s sequence) equal(o sequence) bool {
	if len(s.list) != len(o.list) {
		return false
	}
	for i := range s.list {
		if !bytes.Equal(s.at(i), o.at(i)) {
			return false
		}
	}
	return true
}

// Lookup is a term of an index, or with Prefix all terms that begin so.
type Lookup struct {
	Term   string
	Prefix bool
}

// Lookups returns the terms of an index under which together every document is
// found that the search finds; none when it finds nothing.
func (s *Search) Lookups() []Lookup {
	if len(s.any) == 0 && len(s.all) == 0 {
		return nil
	}
	if len(s.all) > 0 {
		return []Lookup{s.all[0].lookup()}
	}
	var out []Lookup
	for _, term := range s.any {
		if l := term.lookup(); !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// lookup returns the longest term that every text with the sequence has in an
// index.
func (s sequence) lookup() Lookup {
	best := Lookup{}
	for i := range s.list {
		found := s.lookupAt(i)
		if best.Term == "" || best.Prefix && !found.Prefix || best.Prefix == found.Prefix && len(found.Term) > len(best.Term) {
			best = found
		}
	}
	return best
}

func (s sequence) lookupAt(i int) Lookup {
	var t tokens
	t.cut(s.at(i), Folding{}) // an index is folded, the search may not be
	if !s.list[i].single {
		if len(t.list) == 0 {
			return Lookup{Prefix: true} // only marks are left: everything
		}
		return Lookup{Term: string(cutTerm(t.at(0)))}
	}
	term := string(s.at(i))
	if i+1 < len(s.list) && s.list[i+1].joined {
		return Lookup{Term: term + string(s.at(i+1))}
	}
	return Lookup{Term: term, Prefix: true}
}
