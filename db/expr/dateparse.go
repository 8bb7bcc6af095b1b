package expr

import (
	"errors"
	"strings"
	"time"
)

// dateParser reads the parts of a date from a text.
type dateParser struct {
	scope *Scope
	text  string // what is left

	year, month, day, yearDay         int
	isoYear, isoWeek, isoDay          int
	hour, minute, second, millisecond int
	zone                              *time.Location
	seen                              [256]bool // specifiers
}

// byFormat reads the text as the format says.
func (p *dateParser) byFormat(format string) (problem string) {
	p.month, p.day, p.isoWeek, p.isoDay = 1, 1, 1, 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			if p.text == "" || p.text[0] != format[i] {
				return "the text does not fit the format"
			}
			p.text = p.text[1:]
			continue
		}
		if i++; i == len(format) {
			return "unmatched '%' at the end of the format"
		}
		if problem := p.part(format[i]); problem != "" {
			return problem
		}
	}
	if p.text != "" {
		return "trailing data"
	}
	return p.check()
}

// part reads one specifier.
func (p *dateParser) part(c byte) (problem string) {
	p.seen[c] = true
	var ok bool
	switch c {
	case 'Y':
		p.year, ok = p.number(4, 0, 9999)
	case 'm':
		p.month, ok = p.number(2, 1, 12)
	case 'd':
		p.day, ok = p.number(2, 1, 31)
	case 'H':
		p.hour, ok = p.number(2, 0, 24)
	case 'M':
		p.minute, ok = p.number(2, 0, 59)
	case 'S':
		p.second, ok = p.number(2, 0, 60)
	case 'L':
		ok = p.fraction(3)
	case 'j':
		p.yearDay, ok = p.number(3, 1, 366)
	case 'G':
		p.isoYear, ok = p.number(4, 0, 9999)
	case 'V':
		p.isoWeek, ok = p.number(2, 1, 53)
	case 'u':
		p.isoDay, ok = p.number(1, 1, 7)
	case 'b', 'B':
		p.month, ok = p.monthName()
	case 'z':
		ok = p.zoneName()
	case 'Z':
		ok = p.offsetMinutes()
	case '%':
		ok = strings.HasPrefix(p.text, "%")
		p.text = strings.TrimPrefix(p.text, "%")
	default:
		return "invalid format character '%" + string(rune(c)) + "' in the format"
	}
	if !ok {
		return "the text does not fit the format at '%" + string(rune(c)) + "'"
	}
	return ""
}

// check refuses parts that make no date.
func (p *dateParser) check() (problem string) {
	natural := p.seen['Y'] || p.seen['m'] || p.seen['d'] || p.seen['j'] || p.seen['b'] || p.seen['B']
	iso := p.seen['G'] || p.seen['V'] || p.seen['u']
	switch {
	case natural && iso:
		return "mixing of ISO dates with natural dates is not allowed"
	case iso && !p.seen['G'], !iso && !p.seen['Y']:
		return "an incomplete date/time string has been found, with elements missing"
	}
	return ""
}

// millis returns when the clocks of the zone show what was read.
func (p *dateParser) millis(zone *time.Location) int64 {
	day := time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
	switch {
	case p.seen['G']:
		day = isoDate(p.isoYear, p.isoWeek, p.isoDay)
	case p.seen['j']:
		day = time.Date(p.year, time.January, p.yearDay, 0, 0, 0, 0, time.UTC)
	}
	inDay := int64(p.hour)*millisPerHour + int64(p.minute)*millisPerMinute + int64(p.second)*1000 + int64(p.millisecond)
	return fromLocal(day.UnixMilli()+inDay, zone)
}

// number reads up to so many digits of a number between least and most.
func (p *dateParser) number(digits, least, most int) (int, bool) {
	n, rest := readDigits(p.text, digits)
	ok := len(rest) < len(p.text) && n >= least && n <= most
	if ok {
		p.text = rest
	}
	return n, ok
}

// readDigits reads up to most digits and returns what is behind them.
func readDigits(text string, most int) (n int, rest string) {
	i := 0
	for i < len(text) && i < most && '0' <= text[i] && text[i] <= '9' {
		n = n*10 + int(text[i]-'0')
		i++
	}
	return n, text[i:]
}

// fraction reads what stands behind the point of the seconds; digits beyond the
// milliseconds are cut.
func (p *dateParser) fraction(most int) bool {
	_, rest := readDigits(p.text, most)
	digits := p.text[:len(p.text)-len(rest)]
	if digits == "" {
		return false
	}
	p.millisecond, _ = readDigits((digits + "00")[:3], 3)
	p.text = rest
	return true
}

// monthName reads the English name of a month, in full or its first three
// letters.
func (p *dateParser) monthName() (int, bool) {
	for m := time.January; m <= time.December; m++ {
		for _, name := range [...]string{m.String(), m.String()[:3]} {
			if n := len(name); n <= len(p.text) && strings.EqualFold(p.text[:n], name) {
				p.text = p.text[n:]
				return int(m), true
			}
		}
	}
	return 0, false
}

// zoneName reads Z, UTC or GMT, +hh:mm, both together, or the name of a zone.
func (p *dateParser) zoneName() bool {
	word := p.word()
	rest := word
	for _, name := range [...]string{"UTC", "GMT", "Z", "z"} {
		if r, ok := strings.CutPrefix(word, name); ok && (r == "" || r[0] == '+' || r[0] == '-') {
			p.zone, rest = time.UTC, r
			break
		}
	}
	if rest != "" {
		zone, ok := readOffset(rest)
		if !ok {
			zone, ok = p.scope.zone([]byte(word))
		}
		if !ok {
			return false
		}
		p.zone = zone
	}
	p.text = p.text[len(word):]
	return word != ""
}

// word returns the text up to the next blank.
func (p *dateParser) word() string {
	word, _, _ := strings.Cut(p.text, " ")
	return word
}

// offsetMinutes reads the minutes that a zone is ahead of UTC, with a sign.
func (p *dateParser) offsetMinutes() bool {
	sign := 1
	switch {
	case strings.HasPrefix(p.text, "-"):
		sign = -1
		p.text = p.text[1:]
	case strings.HasPrefix(p.text, "+"):
		p.text = p.text[1:]
	}
	minutes, ok := p.number(4, 0, 24*60)
	p.zone = time.FixedZone("", sign*minutes*60)
	return ok
}

var (
	errDateText = errors.New("it is not a date such as \"2006-01-02T15:04:05.000Z\"")
	errZones    = errors.New("you cannot pass in a date/time string with time zone information together with a timezone argument")
)

// parseDate reads a date without a format; one that names no zone is in zone.
func parseDate(text string, zone *time.Location) (int64, error) { return parseIn(text, zone, false) }

// parseIn is parseDate, where one names no zone if the zone is only.
func parseIn(text string, zone *time.Location, only bool) (int64, error) {
	p := dateParser{scope: &Scope{}, text: strings.TrimSpace(text), month: 1, day: 1, isoWeek: 1, isoDay: 1}
	if !p.freeDate() || !p.freeTime() {
		return 0, errDateText
	}
	if p.text = strings.TrimLeft(p.text, " "); p.text != "" && !p.zoneName() || p.text != "" {
		return 0, errDateText
	}
	if p.zone != nil {
		if only {
			return 0, errZones
		}
		zone = p.zone
	}
	return p.millis(zone), nil
}

// freeDate reads 2017-02-08, 2017/2/8, 20170208, 2017-02, 2017-W06-3, 2017-039,
// 2/8/2017, July 4th, 2017, 4 July 2017 and 2017-Jul-04, after the name of a
// weekday, if there is one.
func (p *dateParser) freeDate() bool {
	for d := time.Sunday; d <= time.Saturday; d++ {
		for _, name := range [...]string{d.String(), d.String()[:3]} {
			if n := len(name); n < len(p.text) && strings.EqualFold(p.text[:n], name) && strings.IndexByte(", ", p.text[n]) >= 0 {
				p.text = strings.TrimLeft(p.text[n:], ", ")
			}
		}
	}
	start := *p
	for _, form := range [...]string{
		"Y-m-d", "Y/m/d", "Y-b-d", "G-WV-u", "GWVu", "G-WV", "Y-j", "4m2d2", "m/d/Y", "b d, Y", "d b Y", "d-b-Y", "Y-m", "Y/m",
	} {
		*p = start
		if p.form(form) {
			return true
		}
	}
	return false
}

// form reads a date of one form: the letters are those of the formats, of fixed
// width where digits follow each other.
func (p *dateParser) form(form string) bool {
	if form == "4m2d2" {
		return p.compact()
	}
	for i := range len(form) {
		switch c := form[i]; c {
		case 'Y', 'G', 'j':
			_, rest := readDigits(p.text, 5)
			want := 4
			if c == 'j' {
				want = 3
			}
			if len(p.text)-len(rest) != want || p.part(c) != "" {
				return false
			}
		case 'm', 'd', 'V', 'u':
			if p.part(c) != "" {
				return false
			}
			if c == 'd' {
				p.ordinal()
			}
		case 'b':
			if p.part('b') != "" {
				return false
			}
			p.text = strings.TrimPrefix(p.text, ".")
		case ',':
			p.text = strings.TrimPrefix(p.text, ",")
		case ' ':
			trimmed := strings.TrimLeft(p.text, " ")
			if len(trimmed) == len(p.text) {
				return false
			}
			p.text = trimmed
		default:
			if p.text == "" || p.text[0] != c {
				return false
			}
			p.text = p.text[1:]
		}
	}
	return p.text == "" || p.text[0] < '0' || p.text[0] > '9'
}

// ordinal passes over the letters of 1st, 2nd, 3rd and 4th.
func (p *dateParser) ordinal() {
	for _, letters := range [...]string{"st", "nd", "rd", "th"} {
		if rest, ok := strings.CutPrefix(p.text, letters); ok {
			p.text = rest
			return
		}
	}
}

// compact reads 20170208.
func (p *dateParser) compact() bool {
	_, rest := readDigits(p.text, 9)
	return len(p.text)-len(rest) == 8 && p.part('Y') == "" && p.part('m') == "" && p.part('d') == ""
}

// freeTime reads the time of day behind a date, if there is one: T10:11, 10:11:12,
// 10:11:12.123, 101112, 3:04 pm, noon.
func (p *dateParser) freeTime() bool {
	if p.text == "" {
		return true
	}
	if p.text[0] != 'T' && p.text[0] != 't' && p.text[0] != ' ' && p.text[0] != ',' {
		return true // perhaps a zone
	}
	rest := strings.TrimLeft(p.text[1:], " ")
	for _, word := range [...]string{"noon", "midnight"} {
		if strings.EqualFold(rest, word) {
			if word == "noon" {
				p.hour = 12
			}
			p.text = ""
			return true
		}
	}
	if rest == "" || rest[0] < '0' || rest[0] > '9' {
		p.text = rest
		return true
	}
	p.text = rest
	if p.part('H') != "" {
		return false
	}
	p.text = strings.TrimPrefix(p.text, ":")
	if p.part('M') != "" {
		return false
	}
	colon := strings.TrimPrefix(p.text, ":")
	if colon != "" && '0' <= colon[0] && colon[0] <= '9' {
		p.text = colon
		if p.part('S') != "" {
			return false
		}
		if len(p.text) > 1 && (p.text[0] == '.' || p.text[0] == ',') {
			p.text = p.text[1:]
			if !p.fraction(9) {
				return false
			}
		}
	}
	return p.halfDay()
}

// halfDay reads am or pm behind a time.
func (p *dateParser) halfDay() bool {
	rest := strings.ToLower(strings.TrimLeft(p.text, " "))
	if rest != "am" && rest != "pm" {
		return true
	}
	if p.hour < 1 || p.hour > 12 {
		return false
	}
	p.hour %= 12
	if rest == "pm" {
		p.hour += 12
	}
	p.text = ""
	return true
}
