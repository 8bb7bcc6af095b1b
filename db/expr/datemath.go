package expr

import (
	"math"
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

// unit is a unit of time.
type unit uint8

const (
	unitYear unit = iota
	unitQuarter
	unitMonth
	unitWeek
	unitDay
	unitHour // from here on a unit has a fixed length
	unitMinute
	unitSecond
	unitMillisecond
)

func unitOf(name string) (unit, bool) {
	names := [...]string{"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"}
	for i := range names {
		if names[i] == name {
			return unit(i), true
		}
	}
	return 0, false
}

// millis returns the length of a unit that has a fixed one, or of a day or week
// by the clock.
func (u unit) millis() int64 {
	switch u {
	case unitWeek:
		return 7 * millisPerDay
	case unitDay:
		return millisPerDay
	case unitHour:
		return millisPerHour
	case unitMinute:
		return millisPerMinute
	case unitSecond:
		return 1000
	}
	return 1
}

// months returns how many months a year, quarter or month has.
func (u unit) months() int64 {
	switch u {
	case unitYear:
		return 12
	case unitQuarter:
		return 3
	}
	return 1
}

// unitAt evaluates operand i, a unit of time; ok is false for null.
func (c *call) unitAt(s *Scope, i int) (u unit, ok bool, err error) {
	v, err := c.arg(s, i)
	if err != nil || nullish(v) {
		return 0, false, err
	}
	if v.Type != value.TypeString {
		return 0, false, fault.Refused(c.at, "requires 'unit' to be a string, but got %s", v.Type.Name())
	}
	if u, ok = unitOf(v.Text()); !ok {
		return 0, false, fault.Refused(c.at, "'unit' must be one of year, quarter, month, week, day, hour, minute, second, millisecond")
	}
	return u, true, nil
}

// weekdayAt evaluates operand i, the first day of a week; Sunday when it was
// left out, ok is false for null.
func (c *call) weekdayAt(s *Scope, i int) (day time.Weekday, ok bool, err error) {
	if !c.given(i) {
		return time.Sunday, true, nil
	}
	v, err := c.arg(s, i)
	if err != nil || nullish(v) {
		return 0, false, err
	}
	if v.Type == value.TypeString {
		name := strings.ToLower(v.Text())
		for day := time.Sunday; day <= time.Saturday; day++ {
			if full := strings.ToLower(day.String()); name == full || name == full[:3] {
				return day, true, nil
			}
		}
	}
	return 0, false, fault.Refused(c.at, "'startOfWeek' must be the name of a day such as \"monday\"")
}

// dateShift makes $dateAdd (sign +1) and $dateSubtract (sign -1): {startDate,
// unit, amount, timezone}.
func dateShift(sign int64) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		ms, okDate, err := c.dateAt(s, 0)
		if err != nil {
			return value.Value{}, err
		}
		u, okUnit, err := c.unitAt(s, 1)
		if err != nil {
			return value.Value{}, err
		}
		amount, err := c.arg(s, 2)
		if err != nil {
			return value.Value{}, err
		}
		zone, okZone, err := c.zoneAt(s, 3)
		if err != nil || !okDate || !okUnit || !okZone || nullish(amount) {
			return value.Null(), err
		}
		n, ok := amount.AsInt64()
		if !ok || n == math.MinInt64 {
			return c.fail("expects integer amount of time units, found %s", amount.Type.Name())
		}
		out, ok := shift(ms, u, sign*n, zone)
		if !ok {
			return c.fail("the resulting date is out of range")
		}
		return s.date(out), nil
	}
}

// shift moves a date by n units. Days and longer units keep what the clocks of
// the zone show; months keep the day, or take the last one of a shorter month.
func shift(ms int64, u unit, n int64, zone *time.Location) (int64, bool) {
	if u > unitDay {
		by, ok := multiplyInts(n, u.millis())
		out, fits := addInts(ms, by)
		return out, ok && fits
	}
	local := toLocal(ms, zone)
	if u >= unitWeek {
		by, ok := multiplyInts(n, u.millis())
		out, fits := addInts(local, by)
		return fromLocal(out, zone), ok && fits
	}
	by, ok := multiplyInts(n, u.months())
	const mostYears = 290_000_000 // what milliseconds in an int64 can reach
	if !ok || by > 24*mostYears || by < -24*mostYears {
		return 0, false
	}
	t := time.UnixMilli(local).UTC()
	month := int64(t.Year())*12 + int64(t.Month()) - 1 + by
	year := floorDiv(month, 12)
	if year > mostYears || year < -mostYears {
		return 0, false
	}
	first := time.Date(int(year), time.Month(month-12*year+1), 1, 0, 0, 0, 0, time.UTC)
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	inDay := local - floorDiv(local, millisPerDay)*millisPerDay
	return fromLocal(first.UnixMilli()+int64(day-1)*millisPerDay+inDay, zone), true
}

func floorDiv(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// dateDiff counts the boundaries of a unit between two dates.
func dateDiff(c *call, s *Scope) (value.Value, error) {
	from, okFrom, err := c.dateAt(s, 0)
	if err != nil {
		return value.Value{}, err
	}
	to, okTo, err := c.dateAt(s, 1)
	if err != nil {
		return value.Value{}, err
	}
	u, okUnit, err := c.unitAt(s, 2)
	if err != nil {
		return value.Value{}, err
	}
	zone, okZone, err := c.zoneAt(s, 3)
	if err != nil {
		return value.Value{}, err
	}
	start, okStart := time.Sunday, true
	if okUnit && u == unitWeek {
		if start, okStart, err = c.weekdayAt(s, 4); err != nil {
			return value.Value{}, err
		}
	}
	if !okFrom || !okTo || !okUnit || !okZone || !okStart {
		return null()
	}
	n, ok := subtractInts(ordinal(to, u, zone, start), ordinal(from, u, zone, start))
	if !ok {
		return c.fail("the difference is out of range")
	}
	return s.int64(n), nil
}

// ordinal numbers the units of time of a zone.
func ordinal(ms int64, u unit, zone *time.Location, start time.Weekday) int64 {
	switch u {
	case unitYear, unitQuarter, unitMonth:
		t := time.UnixMilli(ms).In(zone)
		return floorDiv(int64(t.Year())*12+int64(t.Month())-1, u.months())
	case unitWeek:
		const epochWeekday = int64(time.Thursday)
		return floorDiv(floorDiv(toLocal(ms, zone), millisPerDay)+epochWeekday-int64(start), 7)
	case unitDay:
		return floorDiv(toLocal(ms, zone), millisPerDay)
	case unitHour: // a zone may lie half an hour beside UTC, but has no other hours
		return floorDiv(ms+offset(ms, zone)%millisPerHour, millisPerHour)
	}
	return floorDiv(ms, u.millis())
}

// dateTrunc is {date, unit, binSize, timezone, startOfWeek}: the beginning of
// the bin that the date falls into. Bins are counted from 2000-01-01 in the zone.
func dateTrunc(c *call, s *Scope) (value.Value, error) {
	ms, okDate, err := c.dateAt(s, 0)
	if err != nil {
		return value.Value{}, err
	}
	u, okUnit, err := c.unitAt(s, 1)
	if err != nil {
		return value.Value{}, err
	}
	bin, okBin, err := c.binAt(s, 2)
	if err != nil {
		return value.Value{}, err
	}
	zone, okZone, err := c.zoneAt(s, 3)
	if err != nil {
		return value.Value{}, err
	}
	start, okStart := time.Sunday, true
	if okUnit && u == unitWeek {
		if start, okStart, err = c.weekdayAt(s, 4); err != nil {
			return value.Value{}, err
		}
	}
	if !okDate || !okUnit || !okBin || !okZone || !okStart {
		return null()
	}
	out, ok := truncate(ms, u, bin, zone, start)
	if !ok {
		return c.fail("the resulting date is out of range")
	}
	return s.date(out), nil
}

// binAt evaluates operand i, how many units make a bin; 1 when it was left out.
func (c *call) binAt(s *Scope, i int) (bin int64, ok bool, err error) {
	if !c.given(i) {
		return 1, true, nil
	}
	v, err := c.arg(s, i)
	if err != nil || nullish(v) {
		return 0, false, err
	}
	bin, ok = v.AsInt64()
	switch {
	case !ok:
		err = fault.Refused(c.at, "requires 'binSize' to be a 64-bit integer, found %s", v.Type.Name())
	case bin <= 0:
		err = fault.Refused(c.at, "requires 'binSize' to be greater than 0")
	}
	return bin, ok, err
}

func truncate(ms int64, u unit, bin int64, zone *time.Location, start time.Weekday) (int64, bool) {
	year2000 := time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC) // a Saturday
	if u == unitWeek {
		year2000 = year2000.AddDate(0, 0, int(start+7-year2000.Weekday())%7)
	}
	reference := fromLocal(year2000.UnixMilli(), zone)
	if u > unitDay {
		size, ok := multiplyInts(bin, u.millis())
		distance, fits := subtractInts(ms, reference)
		if !ok || !fits {
			return 0, false
		}
		back, fits := multiplyInts(floorDiv(distance, size), size)
		out, sound := addInts(reference, back)
		return out, fits && sound
	}
	distance := ordinal(ms, u, zone, start) - ordinal(reference, u, zone, start)
	n, ok := multiplyInts(floorDiv(distance, bin), bin)
	if !ok {
		return 0, false
	}
	return shift(reference, u, n, zone)
}
