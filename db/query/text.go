package query

import (
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/text"
	"baas/db/value"
)

// TextField is a path of a text index and what a find there weighs.
type TextField struct {
	Path   string
	Weight float64
}

// textTest is $text: it speaks of the fields of the collection's text index,
// which a condition does not name.
type textTest struct {
	search *text.Search
	fields []textField // nil until WithText
}

type textField struct {
	path   path
	weight float64
}

func (c compiler) text(o operand) (node, error) {
	if c.inner {
		return node{}, fault.Refused(o.at, "$text cannot stand in a condition on elements of an array")
	}
	search, err := text.Compile(o.at, o.v)
	return node{kind: kindWhole, ask: &textTest{search: search}}, err
}

func (t *textTest) holds(m *effort.Meter, v value.Value) (bool, error) {
	result, err := t.match(m, v.Doc())
	return result.Found, err
}

func (t *textTest) match(m *effort.Meter, d value.Doc) (text.Result, error) {
	if t.fields == nil {
		return text.Result{}, fault.New(fault.DatabaseFailed, "text index required for $text query")
	}
	var texts texts
	r := run{patterns: pattern.Run{Meter: m}}
	for i := range t.fields {
		texts.weight = t.fields[i].weight
		leaf := node{kind: kindPredicate, path: t.fields[i].path, ask: &texts}
		leaf.walk(&r, d, leaf.path)
	}
	if err := r.end(); err != nil {
		return text.Result{}, err
	}
	result := t.search.Match(texts.found)
	return result, m.Spend(result.Steps)
}

// texts collects every text that a path reaches. It never holds, so that the
// walk goes on.
type texts struct {
	weight float64
	found  []text.Field
}

func (t *texts) holds(_ *effort.Meter, v value.Value) (bool, error) {
	if v.Type == value.TypeString {
		t.found = append(t.found, text.Field{Text: v.TextBytes(), Weight: t.weight})
	}
	return false, nil
}

// Texts calls yield with each text that a path reaches in d, which are those
// that a text index keeps.
func Texts(d value.Doc, dotted string, yield func(text []byte)) {
	var t texts
	leaf := node{kind: kindPredicate, path: splitPath(dotted), ask: &t}
	leaf.walk(&run{}, d, leaf.path)
	for _, f := range t.found {
		yield(f.Text)
	}
}

// Ends calls yield with each value that a path ends at in d: an array as a whole,
// not its elements.
func Ends(d value.Doc, dotted string, yield func(v value.Value)) {
	leaf := node{kind: kindArrayPredicate, path: splitPath(dotted), ask: ends(yield)}
	leaf.walk(&run{}, d, leaf.path)
}

// ends hands every value over. It never holds, so that the walk goes on.
type ends func(v value.Value)

func (e ends) holds(_ *effort.Meter, v value.Value) (bool, error) {
	e(v)
	return false, nil
}

// HasText reports whether the condition has a $text: it can only be matched
// after [Filter.WithText].
func (f *Filter) HasText() bool { return f.root.text() != nil }

// TextSearch returns the $text that every selected document fulfils: one at the
// top level or inside $and; nil when there is none.
func (f *Filter) TextSearch() *text.Search {
	for _, n := range f.root.conjuncts(nil) {
		if t, ok := n.ask.(*textTest); ok {
			return t.search
		}
	}
	return nil
}

// WithText returns the filter with its $text bound to the fields of a text
// index; a filter without one is returned as it is. Until then matching such a
// filter is a DatabaseFailed, as a collection without a text index makes it.
func (f *Filter) WithText(fields []TextField) *Filter {
	if !f.HasText() {
		return f
	}
	bound := make([]textField, len(fields))
	for i, field := range fields {
		bound[i] = textField{splitPath(field.Path), field.Weight}
	}
	return &Filter{f.root.withText(bound)}
}

func (n node) withText(fields []textField) node {
	if t, ok := n.ask.(*textTest); ok {
		n.ask = &textTest{t.search, fields}
	}
	if len(n.subs) > 0 {
		subs := make([]node, len(n.subs))
		for i := range n.subs {
			subs[i] = n.subs[i].withText(fields)
		}
		n.subs = subs
	}
	return n
}

// text returns the $text below n, nil when there is none.
func (n *node) text() *textTest {
	if t, ok := n.ask.(*textTest); ok {
		return t
	}
	for i := range n.subs {
		if t := n.subs[i].text(); t != nil {
			return t
		}
	}
	return nil
}

// TextScore returns the score of a document that the filter selects, 0 when the
// filter has no $text. The error is that of [Filter.MatchWithin].
func (f *Filter) TextScore(m *effort.Meter, d value.Doc) (float64, error) {
	t := f.root.text()
	if t == nil {
		return 0, nil
	}
	result, err := t.match(m, d)
	return result.Score, err
}
