package nodelib

import (
	"strconv"
	"strings"
	"unicode"
)

// ExpandProperties replaces \p{…} and \P{…} of a pattern by the ranges they
// stand for: goja takes them for the letter p. It reports false for a property
// nobody knows.
func ExpandProperties(pattern string) (string, bool) {
	var out strings.Builder
	inClass := false
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\\' && i+2 < len(pattern) && (pattern[i+1] == 'p' || pattern[i+1] == 'P') && pattern[i+2] == '{':
			name, _, ok := strings.Cut(pattern[i+3:], "}")
			if !ok {
				return "", false
			}
			ranges, ok := propertyRanges(name)
			if !ok {
				return "", false
			}
			if pattern[i+1] == 'P' {
				ranges = complement(ranges)
			}
			writeRanges(&out, ranges, inClass)
			i += len(`\p{`) + len(name) + 1
			continue
		case c == '\\' && i+1 < len(pattern):
			out.WriteString(pattern[i : i+2])
			i += 2
			continue
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		}
		out.WriteByte(c)
		i++
	}
	return out.String(), true
}

// span is a range of code points, both ends included.
type span struct{ low, high rune }

func writeRanges(out *strings.Builder, ranges []span, inClass bool) {
	if !inClass {
		out.WriteByte('[')
		defer out.WriteByte(']')
	}
	for _, r := range ranges {
		writePoint(out, r.low)
		if r.high > r.low {
			out.WriteByte('-')
			writePoint(out, r.high)
		}
	}
}

func writePoint(out *strings.Builder, r rune) {
	out.WriteString(`\u{`)
	out.WriteString(strconv.FormatInt(int64(r), 16))
	out.WriteByte('}')
}

// complement returns what lies between ranges that are in order.
func complement(ranges []span) []span {
	var out []span
	next := rune(0)
	for _, r := range ranges {
		if r.low > next {
			out = append(out, span{next, r.low - 1})
		}
		next = r.high + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, span{next, unicode.MaxRune})
	}
	return out
}

// propertyRanges finds the ranges of L, Letter, General_Category=L, Script=Han,
// White_Space …
func propertyRanges(name string) ([]span, bool) {
	key, value, assigned := strings.Cut(name, "=")
	if assigned {
		switch key {
		case "General_Category", "gc":
			return tableRanges(unicode.Categories[category(value)])
		case "Script", "sc", "Script_Extensions", "scx":
			return tableRanges(unicode.Scripts[script(value)])
		}
		return nil, false
	}
	switch name {
	case "Any":
		return []span{{0, unicode.MaxRune}}, true
	case "ASCII":
		return []span{{0, unicode.MaxASCII}}, true
	case "Assigned":
		return matching(func(r rune) bool { return unicode.In(r, allCategories()...) }), true
	case "Alphabetic", "Alpha":
		return union(unicode.L, unicode.Nl, unicode.Other_Alphabetic), true
	case "Uppercase", "Upper":
		return union(unicode.Lu, unicode.Other_Uppercase), true
	case "Lowercase", "Lower":
		return union(unicode.Ll, unicode.Other_Lowercase), true
	case "ID_Start", "IDS", "XID_Start", "XIDS":
		return union(unicode.L, unicode.Nl, unicode.Other_ID_Start), true
	case "ID_Continue", "IDC", "XID_Continue", "XIDC":
		return union(unicode.L, unicode.Nl, unicode.Other_ID_Start, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue), true
	}
	if t, ok := unicode.Categories[category(name)]; ok {
		return tableRanges(t)
	}
	if t, ok := unicode.Properties[name]; ok {
		return tableRanges(t)
	}
	return emojiRanges(name)
}

func allCategories() []*unicode.RangeTable {
	return []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C}
}

// category returns the short name of a general category.
func category(name string) string {
	if short, ok := unicode.CategoryAliases[name]; ok {
		return short
	}
	return name
}

// script returns the long name of a script.
func script(name string) string {
	short := map[string]string{
		"Arab": "Arabic", "Armn": "Armenian", "Beng": "Bengali", "Bopo": "Bopomofo", "Cyrl": "Cyrillic", "Deva": "Devanagari", "Grek": "Greek",
		"Hang": "Hangul", "Hani": "Han", "Hebr": "Hebrew", "Hira": "Hiragana", "Kana": "Katakana", "Latn": "Latin", "Thai": "Thai", "Zyyy": "Common", "Zinh": "Inherited",
	}
	if long, ok := short[name]; ok {
		return long
	}
	return name
}

func tableRanges(t *unicode.RangeTable) ([]span, bool) {
	if t == nil {
		return nil, false
	}
	return union(t), true
}

// union merges tables into ranges in order.
func union(tables ...*unicode.RangeTable) []span {
	if len(tables) > 1 {
		return matching(func(r rune) bool { return unicode.In(r, tables...) })
	}
	var out []span
	add := func(low, high, stride rune) {
		if stride == 1 {
			out = append(out, span{low, high})
			return
		}
		for r := low; r <= high; r += stride {
			out = append(out, span{r, r})
		}
	}
	for _, r := range tables[0].R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range tables[0].R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return out
}

func matching(is func(rune) bool) []span {
	var out []span
	start := rune(-1)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		in := r <= unicode.MaxRune && is(r)
		switch {
		case in && start < 0:
			start = r
		case !in && start >= 0:
			out = append(out, span{start, r - 1})
			start = -1
		}
	}
	return out
}
