package update

import (
	"encoding/binary"

	"baas/db/value"
)

// edit is what one operator does to the value at one path.
type edit interface {
	// apply returns the new value; Missing removes. v is Missing only when
	// creates says so.
	apply(s *state, v value.Value) (value.Value, error)
	// creates reports whether the edit makes a value where there is none.
	creates(s *state) bool
	// strict reports whether a path that names a member of an array is an
	// error; otherwise there is nothing to do.
	strict(s *state) bool
}

// known reports whether there is an operator of that name.
func known(name string) bool {
	switch name {
	case "$set", "$setOnInsert", "$currentDate", "$unset", "$inc", "$mul", "$min", "$max", "$bit", "$rename",
		"$push", "$addToSet", "$pop", "$pull", "$pullAll":
		return true
	}
	return false
}

func compileEdit(name, path string, operand value.Value) (edit, error) {
	at := name + "." + path
	switch name {
	case "$set", "$setOnInsert", "$min", "$max":
		if err := storable(path, operand); err != nil {
			return nil, err
		}
	}
	switch name {
	case "$set":
		return set{operand}, nil
	case "$currentDate":
		return compileCurrentDate(at, operand)
	case "$setOnInsert":
		return setOnInsert{operand}, nil
	case "$unset":
		return unset{}, nil
	case "$min":
		return bound{operand, -1}, nil
	case "$max":
		return bound{operand, +1}, nil
	case "$inc", "$mul":
		if !operand.Type.IsNumber() {
			return nil, failed(at, "Cannot %s with non-numeric argument, it is of type %s", verbs(name), operand.Type.Name())
		}
		return arithmetic{path, name, operand}, nil
	case "$bit":
		return compileBit(at, path, operand)
	case "$push":
		return compilePush(at, path, operand)
	case "$addToSet":
		return compileAddToSet(at, path, operand)
	case "$pop":
		return compilePop(at, path, operand)
	case "$pull":
		return compilePull(at, path, operand)
	case "$pullAll":
		return compilePullAll(at, path, operand)
	}
	return nil, unknown(name)
}

// verbs returns what MongoDB's texts call an arithmetic operator.
func verbs(name string) string {
	if name == "$inc" {
		return "increment"
	}
	return "multiply"
}

// set is $set.
type set struct{ to value.Value }

func (e set) apply(*state, value.Value) (value.Value, error) { return e.to, nil }
func (set) creates(*state) bool                              { return true }
func (set) strict(*state) bool                               { return true }

// currentDate is $currentDate: the time of the operation, as a date or a
// timestamp.
type currentDate struct{ timestamp bool }

// compileCurrentDate reads true or {"$type": "date" or "timestamp"}.
func compileCurrentDate(at string, operand value.Value) (edit, error) {
	if operand.Type == value.TypeBool {
		return currentDate{}, nil
	}
	d := operand.Doc()
	if operand.Type != value.TypeObject || d.Len() != 1 || d.Get("$type").IsMissing() {
		return nil, failed(at, "must be true or {\"$type\": \"date\"}, it is of type %s", operand.Type.Name())
	}
	switch d.Get("$type").Text() {
	case "date":
		return currentDate{}, nil
	case "timestamp":
		return currentDate{timestamp: true}, nil
	}
	return nil, failed(at+".$type", "The '$type' string field is required to be 'date' or 'timestamp'")
}

func (e currentDate) apply(s *state, _ value.Value) (value.Value, error) {
	if !e.timestamp {
		return value.Time(s.Now), nil
	}
	seconds := uint64(uint32(s.Now.Unix()))
	return value.Value{Type: value.TypeTimestamp, Data: binary.LittleEndian.AppendUint64(nil, seconds<<32|1)}, nil
}

func (currentDate) creates(*state) bool { return true }
func (currentDate) strict(*state) bool  { return true }

// setOnInsert is $setOnInsert: $set when an upsert creates the document.
type setOnInsert struct{ to value.Value }

func (e setOnInsert) apply(s *state, v value.Value) (value.Value, error) {
	if !s.insert {
		return v, nil
	}
	return e.to, nil
}

func (setOnInsert) creates(s *state) bool { return s.insert }
func (setOnInsert) strict(s *state) bool  { return s.insert }

// unset is $unset.
type unset struct{}

func (unset) apply(*state, value.Value) (value.Value, error) { return value.Value{}, nil }
func (unset) creates(*state) bool                            { return false }
func (unset) strict(*state) bool                             { return false }

// bound is $min (sign -1) and $max (sign +1), by BSON order across types.
type bound struct {
	to   value.Value
	sign int
}

func (e bound) apply(_ *state, v value.Value) (value.Value, error) {
	if v.IsMissing() || value.Compare(e.to, v) == e.sign {
		return e.to, nil
	}
	return v, nil
}

func (bound) creates(*state) bool { return true }
func (bound) strict(*state) bool  { return true }

// taken is the old end of $rename.
type taken struct{ number int }

func (e taken) apply(s *state, v value.Value) (value.Value, error) {
	if s.moved[e.number].IsMissing() {
		return v, nil
	}
	return value.Value{}, nil
}

func (taken) creates(*state) bool { return false }
func (taken) strict(*state) bool  { return false } // resolve has looked already

// moved is the new end of $rename.
type moved struct{ number int }

func (e moved) apply(s *state, v value.Value) (value.Value, error) {
	if to := s.moved[e.number]; !to.IsMissing() {
		return to, nil
	}
	return v, nil
}

func (e moved) creates(s *state) bool { return !s.moved[e.number].IsMissing() }
func (e moved) strict(s *state) bool  { return e.creates(s) }
