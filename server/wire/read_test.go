package wire_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"baas/db/fault"
	"baas/server/wire"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		body  io.Reader
		limit int64
		want  string
		code  fault.Code
		text  string
	}{
		{"below", strings.NewReader("abc"), 4, "abc", fault.OK, ""},
		{"at the limit", strings.NewReader("abcd"), 4, "abcd", fault.OK, ""},
		{"beyond", strings.NewReader("abcde"), 4, "", fault.RequestTooLarge, "body: larger than the limit of 4 bytes"},
		{"beyond megabytes", strings.NewReader(strings.Repeat("x", 2<<20+1)), 2 << 20, "", fault.RequestTooLarge, "body: larger than the limit of 2 MB"},
		{"broken off", iotest.ErrReader(errors.New("secret reason")), 4, "", fault.InvalidParam, "body: was not sent to its end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.Read(tc.body, tc.limit)
			if string(got) != tc.want || fault.CodeOf(err) != tc.code || !strings.HasPrefix(fault.Text(err), tc.text) {
				t.Errorf("got %q, %v; want %q, %s %q", got, err, tc.want, tc.code, tc.text)
			}
			if rest, _ := io.ReadAll(tc.body); tc.code == fault.RequestTooLarge && len(rest) > 0 {
				t.Errorf("%d bytes were left unread", len(rest))
			}
		})
	}
}
