package plan

import (
	"strconv"
	"strings"

	"baas/db/query"
)

// Shape names what queries have in common that differ in their values alone:
// which paths are bounded how, and the order. first is how many documents are
// wanted, 0 for all.
func (q Query) Shape(first int64) string {
	var b strings.Builder
	writeNeeds(&b, q.Needs)
	for _, k := range q.Sort {
		b.WriteString(k.Path)
		b.WriteByte("+-"[btoi(k.Desc)])
	}
	b.WriteByte('\x00')
	b.WriteString(q.location())
	if q.Filter != nil && q.Filter.TextSearch() != nil {
		b.WriteByte('$')
	}
	b.WriteByte('\x00')
	if first > 0 {
		b.WriteString(strconv.Itoa(len(strconv.FormatInt(first, 10)))) // its magnitude
	}
	return b.String()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func writeNeeds(b *strings.Builder, n query.Needs) {
	for _, need := range n.All {
		b.WriteString(need.Path)
		switch {
		case len(need.Intervals) == 0:
			b.WriteByte('?')
		case len(need.Intervals) == 1 && need.Intervals[0].IsPoint():
			b.WriteByte('=')
		default:
			b.WriteByte('~')
		}
	}
	b.WriteByte(0)
	for _, either := range n.Any {
		b.WriteByte('(')
		for _, branch := range either {
			writeNeeds(b, branch)
		}
		b.WriteByte(')')
	}
}
