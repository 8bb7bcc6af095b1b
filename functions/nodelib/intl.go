package nodelib

import (
	"time"

	"github.com/dop251/goja"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// bindIntl gives intl.js time zones and the order of words.
func bindIntl(r Realm) *goja.Object {
	vm := r.VM()
	zones := make(map[string]*time.Location)
	zone := func(name string) *time.Location {
		if l, ok := zones[name]; ok {
			return l
		}
		l, err := time.LoadLocation(name)
		if err != nil || name == "" || name == "Local" {
			l = nil
		}
		if len(zones) < 100 {
			zones[name] = l
		}
		return l
	}
	collators := make(map[string]*collate.Collator)
	return Funcs{
		// here() → the process's own time zone
		"here": func(goja.FunctionCall) goja.Value {
			name := time.Local.String()
			if name == "Local" {
				name = "UTC"
			}
			return vm.ToValue(name)
		},
		"isZone": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(zone(call.Argument(0).String()) != nil)
		},
		// fields(milliseconds, zone) → [year, month, day, hour, minute, second,
		// millisecond, weekday from Sunday, offset in minutes, abbreviation]
		"fields": func(call goja.FunctionCall) goja.Value {
			l := zone(call.Argument(1).String())
			if l == nil {
				l = time.UTC
			}
			t := time.UnixMilli(call.Argument(0).ToInteger()).In(l)
			name, offset := t.Zone()
			return vm.NewArray(t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1e6, int(t.Weekday()), offset/60, name)
		},
		// compare(a, b, locale, numeric, loose) → -1, 0 or 1
		"compare": func(call goja.FunctionCall) goja.Value {
			name, numeric, loose := call.Argument(2).String(), call.Argument(3).ToBoolean(), call.Argument(4).ToBoolean()
			key := name
			var options []collate.Option
			if numeric {
				key += " numeric"
				options = append(options, collate.Numeric)
			}
			if loose {
				key += " loose"
				options = append(options, collate.Loose)
			}
			c, ok := collators[key]
			if !ok {
				tag, err := language.Parse(name)
				if err != nil {
					tag = language.Und
				}
				c = collate.New(tag, options...)
				if len(collators) < 50 {
					collators[key] = c
				}
			}
			return vm.ToValue(c.CompareString(call.Argument(0).String(), call.Argument(1).String()))
		},
	}.Object(vm)
}
