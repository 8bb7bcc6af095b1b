package script

import (
	"encoding/hex"
	"math"
	"strings"
	"time"

	"baas/db/value"
)

// globals are the names that a script finds.
func globals(s *scope) map[string]any {
	command := commandNamespace()
	db := &namespace{name: "db", members: func(name string) (any, bool) {
		switch name {
		case "collection":
			return &function{name: "db.collection", call: collection}, true
		case "command":
			return command, true
		case "RegExp":
			return &function{name: "db.RegExp", construct: true, call: dbRegExp}, true
		case "serverDate":
			return &function{name: "db.serverDate", construct: true, call: serverDate}, true
		case "Geo":
			return geoNamespace(), true
		}
		return nil, false
	}}
	return map[string]any{
		"db":       db,
		"_":        command,
		"$":        aggregateNamespace(),
		"Date":     &function{name: "Date", construct: true, call: newDate},
		"RegExp":   &function{name: "RegExp", construct: true, call: newRegExp},
		"ObjectId": &function{name: "ObjectId", construct: true, call: objectID},
	}
}

// newDate is new Date(): now, milliseconds, or an ISO text, which is UTC unless
// it names a zone.
func newDate(c *call) (any, error) {
	if len(c.args) == 0 {
		return value.Time(c.s.o.Now), nil
	}
	if len(c.args) > 1 {
		return nil, c.fail("give milliseconds or an ISO text such as \"2024-05-01T08:00:00+08:00\"")
	}
	v, ok := c.args[0].(value.Value)
	if !ok {
		return nil, c.fail("takes milliseconds or a text, not %s", describe(c.args[0]))
	}
	if ms, ok := v.AsFloat(); ok {
		if !(math.Abs(ms) <= 8.64e15) {
			return nil, c.fail("the date is out of range")
		}
		return value.Date(int64(ms)), nil
	}
	if v.Type == value.TypeDate {
		return v, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", time.DateOnly, "2006/01/02", "2006-01"} {
		if t, err := time.Parse(layout, v.Text()); err == nil {
			return value.Time(t), nil
		}
	}
	return nil, c.fail("%s is not a date; write an ISO text such as \"2024-05-01T08:00:00+08:00\"", describe(v))
}

// serverDate is db.serverDate({offset}).
func serverDate(c *call) (any, error) {
	offset := value.Value{}
	if o, ok := c.arg(0).(*object); ok {
		if v, given := o.get("offset"); given {
			offset, _ = v.(value.Value)
			if !offset.Type.IsNumber() {
				return nil, c.fail("offset must be a number of milliseconds")
			}
		}
	}
	ms, _ := offset.AsFloat()
	if !(math.Abs(ms) <= 8.64e15) {
		return nil, c.fail("the offset is out of range")
	}
	return value.Date(c.s.o.Now.UnixMilli() + int64(ms)), nil
}

// dbRegExp is db.RegExp({regexp, options}).
func dbRegExp(c *call) (any, error) {
	o, ok := c.arg(0).(*object)
	if !ok {
		return nil, c.fail("takes {regexp: text, options: text}")
	}
	pattern, _ := o.get("regexp")
	options, _ := o.get("options")
	return regexOf(c, pattern, options)
}

// newRegExp is new RegExp(pattern, flags).
func newRegExp(c *call) (any, error) { return regexOf(c, c.arg(0), c.arg(1)) }

func regexOf(c *call, pattern, flags any) (any, error) {
	p, ok := pattern.(value.Value)
	if ok && p.Type == value.TypeRegex {
		return p, nil
	}
	if !ok || p.Type != value.TypeString {
		return nil, c.fail("the pattern must be a text")
	}
	f, ok := flags.(value.Value)
	if flags != nil && (!ok || !f.IsMissing() && f.Type != value.TypeString) {
		return nil, c.fail("the options must be a text such as \"i\"")
	}
	if strings.ContainsRune(p.Text(), 0) {
		return nil, c.fail("a regular expression cannot hold the character NUL")
	}
	known, err := regexFlags(c.at, f.Text())
	return value.RegexOf(p.Text(), known), err
}

func objectID(c *call) (any, error) {
	var id [12]byte
	v, _ := c.arg(0).(value.Value)
	if n, err := hex.Decode(id[:], []byte(v.Text()[:min(len(v.Text()), 24)])); n != 12 || err != nil || len(v.Text()) != 24 {
		return nil, c.fail("takes a text of 24 hexadecimal digits")
	}
	return value.ObjectIDOf(id), nil
}
