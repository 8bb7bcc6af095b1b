package live

import "baas/db/value"

// Shift returns the events that turn one state of a limited result into a
// later one. changes are those committed between the two states; a document
// that came or went without a change of its own did so because of the limit.
// Departures come first, so that a list that applies the events in order is
// never longer than the limit.
func Shift(before, after []value.Doc, changes []Change) []Event {
	changed := newest(changes)
	old, now := byID(before), byID(after)
	var gone, rest []Event
	for _, d := range before {
		id := d.Get("_id")
		if _, in := now[key(id)]; !in {
			gone = append(gone, Event{Data: dataOf(changed, id, DataLimit), Queue: QueueDequeue, DocID: id})
		}
	}
	for _, d := range after {
		id := d.Get("_id")
		was, in := old[key(id)]
		if !in {
			rest = append(rest, Event{Data: dataOf(changed, id, DataLimit), Queue: QueueEnqueue, DocID: id, Doc: d})
			continue
		}
		c := Change{ID: id, Data: dataOf(changed, id, DataUpdate), Before: was, After: d}
		if c.Data == DataAdd {
			// Removed and added again between the two states.
			c.Data = DataReplace
		}
		if string(was) == string(d) {
			continue
		}
		if e, ok := stays(c); ok {
			rest = append(rest, e)
		}
	}
	return append(gone, rest...)
}

func newest(changes []Change) map[string]DataType {
	out := make(map[string]DataType, len(changes))
	for _, c := range changes {
		out[key(c.ID)] = c.Data
	}
	return out
}

func dataOf(changed map[string]DataType, id value.Value, otherwise DataType) DataType {
	if d, ok := changed[key(id)]; ok {
		return d
	}
	return otherwise
}

func byID(docs []value.Doc) map[string]value.Doc {
	out := make(map[string]value.Doc, len(docs))
	for _, d := range docs {
		out[key(d.Get("_id"))] = d
	}
	return out
}

// key makes an id comparable: its type and bytes.
func key(id value.Value) string { return string(rune(id.Type)) + string(id.Data) }
