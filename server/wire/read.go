package wire

import (
	"io"
	"strconv"

	"baas/db/fault"
)

// drainBytes is how much of a body beyond the limit is read and thrown away, so
// that a client which has not finished sending can read the refusal instead of
// finding its connection reset.
const drainBytes = 32 << 20

// Read reads a whole body of at most limit bytes. Codes: RequestTooLarge beyond
// the limit, InvalidParam when the sender stops half-way.
func Read(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fault.Wrap(fault.InvalidParam, err, "body: was not sent to its end")
	}
	if int64(len(body)) <= limit {
		return body, nil
	}
	_, _ = io.CopyN(io.Discard, r, drainBytes) // the refusal stands either way
	return nil, &fault.Error{
		Code: fault.RequestTooLarge, Field: "body",
		Msg: "body: larger than the limit of " + size(limit) + "; upload large data as a file",
	}
}

func size(n int64) string {
	if n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
