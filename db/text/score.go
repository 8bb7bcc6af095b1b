package text

// Field is a text of a document and what a find in it weighs.
type Field struct {
	Text   []byte
	Weight float64
}

// Result is what a search says about one document.
type Result struct {
	Found bool
	Score float64 // 0 unless Found
	Steps int     // what it cost, in steps of effort.Meter
}

// Match looks for the search in the texts of a document.
//
// The score is MongoDB's: for each term and text,
//
//	weight × frequency × (0.5 × count / tokens + 0.5)
//
// where count is how many tokens of the text are the term (a run counts each of
// its characters), tokens is how many words and characters of runs the text has
// without stop words, and frequency is 1 + 1/2 + 1/4 + … for each time; a text
// that is the term alone counts 1.1 times. Phrases add nothing beyond the terms in
// them.
func (s *Search) Match(fields []Field) Result {
	var (
		out    Result
		t      tokens
		counts = make([]int, s.size())
		wanted = len(s.any) + len(s.all)
		found  = make([]bool, wanted)
	)
	for _, f := range fields {
		t.cut(f.Text, s.folding)
		clear(counts)
		out.Steps += len(f.Text)/8 + len(t.list) + s.count(&t, counts)
		for number, n := range counts {
			switch {
			case n > 0 && number >= wanted:
				return Result{Steps: out.Steps}
			case n > 0:
				found[number] = true
			}
		}
		out.Score += s.score(&t, counts) * f.Weight
	}
	if out.Found = s.enough(found); !out.Found {
		out.Score = 0
	}
	return out
}

// enough reports whether some term and all phrases have been found. A search of
// phrases of stop words only has no terms.
func (s *Search) enough(found []bool) bool {
	some := len(s.any) == 0 && len(s.all) > 0
	for _, ok := range found[:len(s.any)] {
		some = some || ok
	}
	for _, ok := range found[len(s.any):] {
		some = some && ok
	}
	return some
}

// count counts how often each sequence stands in t, and returns how many
// comparisons that took.
func (s *Search) count(t *tokens, counts []int) (steps int) {
	for i := range t.list {
		for _, number := range s.begins[string(t.at(i))] {
			steps++
			if s.sequence(number).isAt(t, i) {
				counts[number]++
			}
		}
	}
	return steps
}

// score scores one text with a weight of 1.
func (s *Search) score(t *tokens, counts []int) float64 {
	total, size := 0.0, -1
	for number, term := range s.any {
		n := counts[number]
		if n == 0 {
			continue
		}
		if size < 0 {
			size = max(t.size(), 1)
		}
		score := frequency(n) * (0.5*float64(n*len(term.list))/float64(size) + 0.5)
		if len(term.list) == len(t.list) {
			score *= 1.1
		}
		total += score
	}
	return total
}

// frequency is 1 + 1/2 + 1/4 + …, n parts.
func frequency(n int) float64 { return 2 - 2/float64(uint64(1)<<min(n, 60)) }

// size returns how many tokens are no stop words.
func (t *tokens) size() int {
	n := 0
	for i := range t.list {
		if t.list[i].single || !isStopWord(t.at(i)) {
			n++
		}
	}
	return n
}
