package value

import (
	"math"
	"strconv"
	"time"
)

// AppendStrict appends v as canonical extended JSON with an ObjectId as
// {"$oid": …}: what [ParseJSON] makes of it is v again, type for type.
func AppendStrict(dst []byte, v Value) []byte { return strict.value(dst, v) }

// AppendReadable appends v as extended JSON that is as plain as it can be while
// [ParseJSON] still makes v of it again, type for type: 1 is an int32, 1.0 a
// double, {"$date":"2024-05-01T08:00:00.000Z"} a date. Only an int64 that would
// fit 32 bits, and a double that is no number, are wrapped.
func AppendReadable(dst []byte, v Value) []byte { return readable.value(dst, v) }

func readableNumber(dst []byte, v Value) []byte {
	switch v.Type {
	case TypeInt32:
		return strconv.AppendInt(dst, v.int(), 10)
	case TypeInt64:
		if n := v.int(); n != int64(int32(n)) {
			return strconv.AppendInt(dst, n, 10)
		}
	case TypeDouble:
		if f := v.float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return appendDouble(dst, f)
		}
	case TypeDate:
		// Years of four digits, which is what time.RFC3339 can say.
		if t := time.UnixMilli(v.Millis()).UTC(); t.Year() >= 1 && t.Year() <= 9999 {
			dst = append(dst, `{"$date":"`...)
			dst = t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
			return append(dst, `"}`...)
		}
	}
	return canonicalNumber(dst, v)
}
