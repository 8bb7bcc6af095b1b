// Package script reads the script language of the console and of the original's
// HTTP API (wx-cloud-api.md 10): the little of JavaScript that it takes to write
//
//	const {gt} = db.command
//	db.collection("todos").where({progress: gt(50)}).orderBy("due", "asc").limit(10).get()
//
// A text is read into one Operation, which is data; nothing is run. There are
// declarations, object destructuring, literals, comments, property access, calls
// and new, and nothing else: no functions, arithmetic, conditions or loops.
//
// Dangers:
//   - A script is input. It is bounded in bytes, depth and values before and
//     while it is read (Options), and what it names is looked up in tables of
//     this package alone.
//   - A condition that vanished would select everything. Members that are
//     undefined vanish from data, as in the SDKs; a condition made only of
//     these is an error, and update and remove demand a where or a doc.
package script

import (
	"fmt"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

// Kind is what an Operation does.
type Kind string

// The kinds of operations.
const (
	Get       Kind = "get"
	Count     Kind = "count"
	Add       Kind = "add"
	Update    Kind = "update"
	Set       Kind = "set"
	Remove    Kind = "remove"
	Aggregate Kind = "aggregate"
)

// Stage is one stage of an aggregation.
type Stage struct {
	Name string // as the wire names it: "$match"
	Arg  value.Value
}

// Operation is what a script asks for, in the query and update language of the
// wire.
type Operation struct {
	Kind       Kind
	Collection string
	Single     bool      // one document, by doc(id)
	Query      value.Doc // nil: no condition
	Sort       value.Doc
	Projection value.Doc
	Skip       int64
	Limit      int64       // 0: none was given
	Docs       []value.Doc // of Add
	// Change holds the operators of Update, empty when there is nothing to
	// change, and the whole new document of Set.
	Change value.Doc
	Multi  bool // Update and Remove: all matches
	Stages []Stage
}

// MaxBytes bounds the text of a script.
const MaxBytes = 512 << 10

// Options are what a script may refer to. The zero value has a meaning.
type Options struct {
	// Now is new Date() and db.serverDate(). Zero means time.Now.
	Now time.Time
}

// Parse reads a script. Its error is a ScriptInvalid (-605101) that names line
// and column and says what is expected there; an operation whose operators the
// database does not know is found by whoever runs it.
func Parse(text string, o Options) (Operation, error) {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if len(text) > MaxBytes {
		return Operation{}, fault.New(fault.ScriptInvalid, "the script has %d bytes, allowed are %d; import large data instead", len(text), MaxBytes)
	}
	p := &parser{lex: lexer{text: text}}
	program, err := p.program()
	if err != nil {
		return Operation{}, located(text, err)
	}
	op, err := newScope(o).run(program)
	if err != nil {
		return Operation{}, located(text, err)
	}
	return op, nil
}

// problem is an error at a place of the script.
type problem struct {
	at  int // byte offset
	msg string
}

func (p *problem) Error() string { return p.msg }

func fail(at int, format string, args ...any) error {
	return &problem{at, fmt.Sprintf(format, args...)}
}

// located gives an error its line and column.
func located(text string, err error) error {
	p, ok := err.(*problem) //nolint:errorlint // made by this package and never wrapped
	if !ok {
		return err
	}
	line, column := 1, 1
	for i, r := range text {
		if i >= p.at {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return fault.New(fault.ScriptInvalid, "line %d, column %d: %s", line, column, p.msg)
}
