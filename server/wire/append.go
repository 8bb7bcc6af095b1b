package wire

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendName appends a member's name and colon to an object that is being
// written, and before it a comma unless it is the first.
func AppendName(b []byte, name string) []byte {
	if n := len(b); n > 0 && b[n-1] != '{' {
		b = append(b, ',')
	}
	return append(appendQuote(b, name), ':')
}

// AppendText appends a member with a string.
func AppendText(b []byte, name, text string) []byte {
	return appendQuote(AppendName(b, name), text)
}

// AppendInt appends a member with a number.
func AppendInt(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(AppendName(b, name), n, 10)
}

// Quote appends a JSON text as a string inside another JSON text.
func Quote(b, text []byte) []byte { return appendQuote(b, text) }

// appendQuote replaces bytes that are not UTF-8, the only thing jsontext could
// complain of.
func appendQuote[T ~string | ~[]byte](b []byte, text T) []byte {
	out, _ := jsontext.AppendQuote(b, text)
	return out
}
