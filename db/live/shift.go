package live

import "baas/db/value"

// shift returns the events that turn one state of a limited result into a
// later one. changes are those committed between the two states; a document
// that came or went without a change of its own did so because of the limit.
// The later state may be newer than changes tell. Departures come first, so
// that a list that applies the events in order is never longer than the limit.
func shift(before, after []value.Doc, changes []Change) []Event {
	changed := newest(changes)
	old, now := byID(before), byID(after)
	var gone, rest []Event
	for _, d := range before {
		id := d.Get("_id")
		if _, in := now[key(id)]; !in {
			gone = append(gone, leaves(id, departure(changed[key(id)]), d))
		}
	}
	for _, d := range after {
		id := d.Get("_id")
		data := changed[key(id)]
		was, in := old[key(id)]
		if !in {
			rest = append(rest, Event{Data: arrival(data), Queue: QueueEnqueue, DocID: id, Doc: d})
			continue
		}
		if string(was) == string(d) {
			continue
		}
		if data == DataAdd || data == DataRemove {
			data = DataReplace // removed and added again between the two states
		}
		if e, ok := stays(Change{ID: id, Data: data, Before: was, After: d}); ok {
			rest = append(rest, e)
		}
	}
	return append(gone, rest...)
}

// departure is why a document left, given its newest change, if any.
func departure(data DataType) DataType {
	switch data {
	case "":
		return DataLimit
	case DataAdd:
		return DataRemove // and then added again, too far down to be shown
	}
	return data
}

// arrival is why a document came, given its newest change, if any.
func arrival(data DataType) DataType {
	switch data {
	case "":
		return DataLimit
	case DataRemove:
		return DataAdd // again, by a change that is not among those given
	}
	return data
}

func newest(changes []Change) map[string]DataType {
	out := make(map[string]DataType, len(changes))
	for _, c := range changes {
		out[key(c.ID)] = c.Data
	}
	return out
}

func byID(docs []value.Doc) map[string]value.Doc {
	out := make(map[string]value.Doc, len(docs))
	for _, d := range docs {
		out[key(d.Get("_id"))] = d
	}
	return out
}

// key makes an id comparable: its type and bytes.
func key(id value.Value) string { return string([]byte{byte(id.Type)}) + string(id.Data) }
