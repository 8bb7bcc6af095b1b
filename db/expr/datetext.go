package expr

import (
	"strconv"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

// isoFormat is the format when none is given, in whatever zone.
const isoFormat = "%Y-%m-%dT%H:%M:%S.%LZ"

// dateToString is {date, format, timezone, onNull}.
func dateToString(c *call, s *Scope) (value.Value, error) {
	ms, okDate, err := c.dateAt(s, 0)
	if err != nil {
		return value.Value{}, err
	}
	format, okFormat, err := c.formatAt(s, 1)
	if err != nil {
		return value.Value{}, err
	}
	zone, okZone, err := c.zoneAt(s, 2)
	switch {
	case err != nil:
		return value.Value{}, err
	case !okDate:
		return orNullOperand(c, s, 3)
	case !okFormat || !okZone:
		return null()
	case !c.given(1):
		format = isoFormat
	}
	text, problem := appendDate(nil, format, time.UnixMilli(ms).In(zone))
	if problem != "" {
		return c.fail("%s", problem)
	}
	return s.text(string(text))
}

// orNullOperand evaluates operand i, null when it was left out.
func orNullOperand(c *call, s *Scope, i int) (value.Value, error) {
	if !c.given(i) {
		return null()
	}
	return c.arg(s, i)
}

// formatAt evaluates operand i, a format of dates; ok is false for null, not
// for one that was left out.
func (c *call) formatAt(s *Scope, i int) (format string, ok bool, err error) {
	if !c.given(i) {
		return "", true, nil
	}
	v, err := c.arg(s, i)
	if err != nil || nullish(v) {
		return "", false, err
	}
	if v.Type != value.TypeString {
		return "", false, fault.Refused(c.at, "requires that 'format' be a string, found: %s", v.Type.Name())
	}
	return v.Text(), true, nil
}

// isoText appends a date in the default format; its year may be any.
func isoText(dst []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// appendDate appends a date as the format wants it; problem says why it cannot.
func appendDate(dst []byte, format string, t time.Time) (out []byte, problem string) {
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, "the year must be between 0 and 9999 for a text"
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			dst = append(dst, format[i])
			continue
		}
		if i++; i == len(format) {
			return nil, "unmatched '%' at the end of the format"
		}
		var ok bool
		if dst, ok = appendDatePart(dst, format[i], t); !ok {
			return nil, "invalid format character '%" + format[i:i+1] + "' in the format"
		}
	}
	return dst, ""
}

// appendPadded appends n, which is not negative, with zeros in front up to
// width digits.
func appendPadded(dst []byte, n, width int) []byte {
	for most := 10; width > 1; width, most = width-1, most*10 {
		if n < most {
			dst = append(dst, "000000000"[:width-1]...)
			break
		}
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

func appendDatePart(dst []byte, part byte, t time.Time) ([]byte, bool) {
	isoYear, isoWeek := t.ISOWeek()
	switch part {
	case 'Y':
		return appendPadded(dst, t.Year(), 4), true
	case 'm':
		return appendPadded(dst, int(t.Month()), 2), true
	case 'd':
		return appendPadded(dst, t.Day(), 2), true
	case 'H':
		return appendPadded(dst, t.Hour(), 2), true
	case 'M':
		return appendPadded(dst, t.Minute(), 2), true
	case 'S':
		return appendPadded(dst, t.Second(), 2), true
	case 'L':
		return appendPadded(dst, millisecond(t), 3), true
	case 'j':
		return appendPadded(dst, t.YearDay(), 3), true
	case 'w':
		return strconv.AppendInt(dst, int64(t.Weekday())+1, 10), true
	case 'u':
		return strconv.AppendInt(dst, int64(isoWeekday(t)), 10), true
	case 'U':
		return appendPadded(dst, week(t), 2), true
	case 'V':
		return appendPadded(dst, isoWeek, 2), true
	case 'G':
		return appendPadded(dst, isoYear, 4), true
	case 'b':
		return append(dst, t.Month().String()[:3]...), true
	case 'B':
		return append(dst, t.Month().String()...), true
	case 'z':
		minutes := zoneMinutes(t)
		sign := byte('+')
		if minutes < 0 {
			sign, minutes = '-', -minutes
		}
		return appendPadded(append(dst, sign), minutes/60*100+minutes%60, 4), true
	case 'Z':
		return strconv.AppendInt(dst, int64(zoneMinutes(t)), 10), true
	case '%':
		return append(dst, '%'), true
	}
	return dst, false
}

func zoneMinutes(t time.Time) int {
	_, seconds := t.Zone()
	return seconds / 60
}

// dateFromString is {dateString, format, timezone, onError, onNull}.
func dateFromString(c *call, s *Scope) (value.Value, error) {
	v, err := c.arg(s, 0)
	if err != nil {
		return value.Value{}, err
	}
	format, okFormat, err := c.formatAt(s, 1)
	if err != nil {
		return value.Value{}, err
	}
	zone, okZone, err := c.zoneAt(s, 2)
	switch {
	case err != nil:
		return value.Value{}, err
	case nullish(v) && c.given(4):
		return c.arg(s, 4)
	case nullish(v) || !okFormat || !okZone:
		return null()
	}
	if err := s.spend((len(v.Data) + len(format)) / copyStep); err != nil {
		return value.Value{}, err
	}
	var ms int64
	switch {
	case v.Type != value.TypeString:
		err = fault.Refused(c.at, "requires that 'dateString' be a string, found: %s", v.Type.Name())
	case c.given(1):
		ms, err = c.parsed(s, v.TextBytes(), format, zone)
	default:
		ms, err = parseIn(v.Text(), zone, c.given(2))
		if err != nil {
			err = fault.Refused(c.at, "Error parsing date string: %v", err)
		}
	}
	if err != nil && c.given(3) {
		return c.arg(s, 3)
	}
	if err != nil {
		return value.Value{}, err
	}
	return s.date(ms), nil
}

// parsed reads a date by its format.
func (c *call) parsed(s *Scope, text []byte, format string, zone *time.Location) (int64, error) {
	p := dateParser{scope: s, text: string(text)}
	if problem := p.byFormat(format); problem != "" {
		return 0, fault.Refused(c.at, "Error parsing date string: %s", problem)
	}
	if p.zone != nil {
		if c.given(2) {
			return 0, fault.Refused(c.at, "you cannot pass in a date/time string with time zone information together with a timezone argument")
		}
		zone = p.zone
	}
	return p.millis(zone), nil
}
