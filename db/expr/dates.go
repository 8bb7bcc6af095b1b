package expr

import (
	"math"
	"strings"
	"time"
	_ "time/tzdata" // the zones do not depend on the machine

	"baas/db/fault"
	"baas/db/value"
)

func dates(name string) (operator, bool) {
	if part, ok := datePart(name); ok {
		op := ofNames(1, part, "date", "timezone")
		op.bare = true
		return op, true
	}
	switch name {
	case "$dateToParts":
		return ofNames(1, dateToParts, "date", "timezone", "iso8601"), true
	case "$dateFromParts":
		return ofParse(compileDateFromParts), true
	case "$dateToString":
		return ofNames(1, dateToString, "date", "format", "timezone", "onNull"), true
	case "$dateFromString":
		return ofNames(1, dateFromString, "dateString", "format", "timezone", "onError", "onNull"), true
	case "$dateAdd":
		return ofNames(3, dateShift(+1), "startDate", "unit", "amount", "timezone"), true
	case "$dateSubtract":
		return ofNames(3, dateShift(-1), "startDate", "unit", "amount", "timezone"), true
	case "$dateDiff":
		return ofNames(3, dateDiff, "startDate", "endDate", "unit", "timezone", "startOfWeek"), true
	case "$dateTrunc":
		return ofNames(2, dateTrunc, "date", "unit", "binSize", "timezone", "startOfWeek"), true
	}
	return operator{}, false
}

// datePart finds the operators that take one number from a date.
func datePart(name string) (func(*call, *Scope) (value.Value, error), bool) {
	var part func(time.Time) int
	switch name {
	case "$year":
		part = time.Time.Year
	case "$month":
		part = func(t time.Time) int { return int(t.Month()) }
	case "$dayOfMonth":
		part = time.Time.Day
	case "$hour":
		part = time.Time.Hour
	case "$minute":
		part = time.Time.Minute
	case "$second":
		part = time.Time.Second
	case "$millisecond":
		part = millisecond
	case "$dayOfYear":
		part = time.Time.YearDay
	case "$dayOfWeek":
		part = func(t time.Time) int { return int(t.Weekday()) + 1 }
	case "$isoDayOfWeek":
		part = isoWeekday
	case "$week":
		part = week
	case "$isoWeek":
		part = func(t time.Time) int { _, w := t.ISOWeek(); return w }
	case "$isoWeekYear":
		return takePart(func(s *Scope, t time.Time) value.Value {
			year, _ := t.ISOWeek()
			return s.int64(int64(year))
		}), true
	default:
		return nil, false
	}
	return takePart(func(s *Scope, t time.Time) value.Value { return s.int32(int32(part(t))) }), true
}

func takePart(part func(s *Scope, t time.Time) value.Value) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		ms, ok, err := c.dateAt(s, 0)
		if err != nil {
			return value.Value{}, err
		}
		zone, known, err := c.zoneAt(s, 1)
		if err != nil || !ok || !known {
			return value.Null(), err
		}
		return part(s, time.UnixMilli(ms).In(zone)), nil
	}
}

func millisecond(t time.Time) int { return t.Nanosecond() / int(time.Millisecond) }

// isoWeekday is 1 for Monday to 7 for Sunday.
func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// week is 0 for the days before the first Sunday.
func week(t time.Time) int { return (t.YearDay() - int(t.Weekday()) + 6) / 7 }

// millisOf returns the point in time of a date, a timestamp or an ObjectId.
func millisOf(v value.Value) (ms int64, ok bool) {
	switch v.Type {
	case value.TypeDate:
		return v.Millis(), true
	case value.TypeTimestamp:
		return int64(timestampBits(v)>>32) * 1000, true
	case value.TypeObjectID:
		if len(v.Data) < 4 {
			return 0, false
		}
		seconds := int64(v.Data[0])<<24 | int64(v.Data[1])<<16 | int64(v.Data[2])<<8 | int64(v.Data[3])
		return int64(int32(seconds)) * 1000, true
	}
	return 0, false
}

// dateAt evaluates operand i, a date; ok is false for null.
func (c *call) dateAt(s *Scope, i int) (ms int64, ok bool, err error) {
	v, err := c.arg(s, i)
	if err != nil || nullish(v) {
		return 0, false, err
	}
	ms, ok = millisOf(v)
	if !ok {
		err = fault.Refused(c.at, "can't convert from BSON type %s to Date", v.Type.Name())
	}
	return ms, ok, err
}

// zoneAt evaluates operand i, a time zone; UTC when it was left out, ok is false
// for null.
func (c *call) zoneAt(s *Scope, i int) (zone *time.Location, ok bool, err error) {
	if !c.given(i) {
		return time.UTC, true, nil
	}
	v, err := c.arg(s, i)
	if err != nil || nullish(v) {
		return nil, false, err
	}
	if v.Type != value.TypeString {
		return nil, false, fault.Refused(c.at, "timezone must evaluate to a string, found %s", v.Type.Name())
	}
	zone, ok = s.zone(v.TextBytes())
	if !ok {
		return nil, false, fault.Refused(c.at, "unrecognized time zone identifier; use a name such as \"Asia/Shanghai\" or an offset such as \"+08:00\"")
	}
	return zone, true, nil
}

// zone finds a time zone by its IANA name or as +hh, +hhmm, +hh:mm.
func (s *Scope) zone(name []byte) (*time.Location, bool) {
	if zone, ok := s.zones[string(name)]; ok {
		return zone, true
	}
	text := string(name)
	zone, ok := readOffset(text)
	if !ok {
		if text == "" || text == "Local" || strings.IndexByte(text, 0) >= 0 {
			return nil, false
		}
		var err error
		if zone, err = time.LoadLocation(text); err != nil {
			return nil, false
		}
	}
	const most = 64
	if s.zones == nil || len(s.zones) >= most {
		s.zones = map[string]*time.Location{}
	}
	s.zones[text] = zone
	return zone, true
}

// readOffset reads +hh, +hhmm or +hh:mm.
func readOffset(text string) (*time.Location, bool) {
	if len(text) < 3 || text[0] != '+' && text[0] != '-' {
		return nil, false
	}
	digits := text[1:]
	if len(digits) == 5 && digits[2] == ':' {
		digits = digits[:2] + digits[3:]
	}
	if len(digits) == 2 {
		digits += "00"
	}
	n, rest := readDigits(digits, 4)
	if len(digits) != 4 || rest != "" {
		return nil, false
	}
	seconds := (n/100*60 + n%100) * 60
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), true
}

// offset returns how far the zone is ahead of UTC at that time, in milliseconds.
func offset(ms int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return 0
	}
	_, seconds := time.UnixMilli(ms).In(zone).Zone()
	return int64(seconds) * 1000
}

const (
	millisPerMinute = 60_000
	millisPerHour   = 60 * millisPerMinute
	millisPerDay    = 24 * millisPerHour
)

// toLocal returns what the clocks of the zone show, as if it were UTC.
func toLocal(ms int64, zone *time.Location) int64 { return ms + offset(ms, zone) }

// fromLocal returns when the clocks of the zone show that time. A time that
// comes twice is the first of them; one that is skipped is as far behind the
// skip as it is from its beginning.
func fromLocal(local int64, zone *time.Location) int64 {
	if zone == time.UTC || local > math.MaxInt64-millisPerDay || local < math.MinInt64+millisPerDay {
		return local
	}
	before := offset(local-millisPerDay, zone)
	after := offset(local+millisPerDay, zone)
	for _, o := range [...]int64{before, after} {
		if offset(local-o, zone) == o {
			return local - o
		}
	}
	return local - before
}

func dateToParts(c *call, s *Scope) (value.Value, error) {
	ms, ok, err := c.dateAt(s, 0)
	if err != nil {
		return value.Value{}, err
	}
	zone, known, err := c.zoneAt(s, 1)
	if err != nil {
		return value.Value{}, err
	}
	iso, err := c.arg(s, 2)
	if err != nil {
		return value.Value{}, err
	}
	if c.given(2) && !nullish(iso) && iso.Type != value.TypeBool {
		return c.fail("iso8601 must evaluate to a bool, found %s", iso.Type.Name())
	}
	if !ok || !known || c.given(2) && nullish(iso) {
		return null()
	}
	t := time.UnixMilli(ms).In(zone)
	names := [...]string{"year", "month", "day", "hour", "minute", "second", "millisecond"}
	numbers := [...]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), millisecond(t)}
	if iso.IsTrue() {
		names[0], names[1], names[2] = "isoWeekYear", "isoWeek", "isoDayOfWeek"
		numbers[0], numbers[1] = t.ISOWeek()
		numbers[2] = isoWeekday(t)
	}
	out := s.object(128)
	var number [4]byte
	for i, name := range names {
		if err := out.set(name, int32In(number[:], int32(numbers[i]))); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// compileDateFromParts reads the parts of a calendar date or of an ISO week
// date, not of both.
func compileDateFromParts(c *compiler, at string, v value.Value) (node, error) {
	op := ofNames(1, dateFromParts, "year", "month", "day", "hour", "minute", "second", "millisecond", "timezone")
	d := v.Doc()
	if !d.Get("isoWeekYear").IsMissing() {
		op = ofNames(1, isoFromParts, "isoWeekYear", "isoWeek", "isoDayOfWeek", "hour", "minute", "second", "millisecond", "timezone")
		for _, name := range []string{"year", "month", "day"} {
			if !d.Get(name).IsMissing() {
				return nil, fault.Refused(at, "does not allow mixing natural dates with ISO dates")
			}
		}
	}
	args, err := c.named(at, op, v)
	if err != nil {
		return nil, err
	}
	return fold(&call{operator: op, at: at, args: args})
}

func dateFromParts(c *call, s *Scope) (value.Value, error) {
	return c.fromParts(s, func(year, month, day int) time.Time {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	})
}

func isoFromParts(c *call, s *Scope) (value.Value, error) { return c.fromParts(s, isoDate) }

// isoDate returns a day by its ISO week; weeks and days beyond the year go on.
func isoDate(year, week, day int) time.Time {
	first := time.Date(year, time.January, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	return first.AddDate(0, 0, 7*(week-1)+day-isoWeekday(first))
}

// fromParts reads seven numbers, of which the first three are a day, and a zone.
func (c *call) fromParts(s *Scope, day func(a, b, c int) time.Time) (value.Value, error) {
	parts := [7]int64{1, 1, 1}
	isNull := false
	for i := range parts {
		if !c.given(i) {
			continue
		}
		v, err := c.arg(s, i)
		if err != nil {
			return value.Value{}, err
		}
		if nullish(v) {
			isNull = true
			continue
		}
		n, ok := v.AsInt64()
		switch least, most := partRange(i); {
		case !ok:
			return c.fail("'%s' must evaluate to an integer, found %s", c.names[i], v.Type.Name())
		case n < least || n > most:
			return c.fail("'%s' must evaluate to an integer in the range %d to %d, found %d", c.names[i], least, most, n)
		}
		parts[i] = n
	}
	zone, ok, err := c.zoneAt(s, 7)
	if err != nil || !ok || isNull {
		return value.Null(), err
	}
	local := day(int(parts[0]), int(parts[1]), int(parts[2])).UnixMilli()
	local += parts[3]*millisPerHour + parts[4]*millisPerMinute + parts[5]*1000 + parts[6]
	return s.date(fromLocal(local, zone)), nil
}

// partRange returns what part i of fromParts may be; beyond a day, an hour and
// so on it carries over.
func partRange(i int) (least, most int64) {
	switch {
	case i == 0:
		return 1, 9999
	case i < 5:
		return math.MinInt16, math.MaxInt16
	}
	return -1 << 50, 1 << 50
}
