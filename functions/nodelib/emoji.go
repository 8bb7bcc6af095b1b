package nodelib

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:embed data/emoji.txt
var emojiData string

// emojiRanges returns the code points of an emoji property.
func emojiRanges(property string) ([]span, bool) {
	for line := range strings.Lines(emojiData) {
		name, ranges, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != property || name == "#" {
			continue
		}
		var out []span
		for text := range strings.FieldsSeq(ranges) {
			low, high, ok := strings.Cut(text, "-")
			if !ok {
				high = low
			}
			a, err1 := strconv.ParseInt(low, 16, 32)
			b, err2 := strconv.ParseInt(high, 16, 32)
			if err1 != nil || err2 != nil {
				return nil, false
			}
			out = append(out, span{rune(a), rune(b)})
		}
		return out, true
	}
	return nil, false
}
