package expr

import (
	"time"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

const (
	// maxSteps bounds the work of one evaluation: an operator applied to an
	// element is a step, and so are copyStep bytes written.
	maxSteps = 5_000_000
	copyStep = 64
	// walkStep is how many bytes of a document a look-up passes in one step.
	walkStep = 4096
	// maxHeld bounds the values that one evaluation holds at a time, in bytes.
	maxHeld = 4 * value.MaxBytes
)

// Options says what an expression may refer to.
type Options struct {
	// Vars are the names of the variables in scope, without $$. Scope.Vars
	// holds their values in the same order.
	Vars []string
}

// Expr is a compiled expression.
type Expr struct {
	root   node
	fixed  *constant // root, when it is a constant
	path   *path     // root, when it is a path
	slots  int       // local variables that an evaluation needs
	nests  bool      // the result may nest deeper than what it is made of
	fields []string
	whole  bool
}

// node is one part of a compiled expression.
type node interface {
	eval(s *Scope) (value.Value, error)
}

// Scope is what an expression is evaluated on. Set Root (and Vars, when the
// expression has some) and evaluate as many expressions as there are; use one
// Scope for all the documents of a request. Not safe for concurrent use.
type Scope struct {
	Root      value.Doc     // $$ROOT
	Current   value.Value   // $$CURRENT, what "$a" is looked up in; Root when Missing
	Now       time.Time     // $$NOW
	Vars      []value.Value // the values of Options.Vars
	Meter     *effort.Meter // what the request may spend; may be nil
	TextScore value.Value   // {$meta: "textScore"}; Missing when there was no $text

	locals []value.Value
	memory []byte // free part of the chunk in use
	chunk  []byte // that chunk
	steps  int    // of this evaluation
	told   int    // of them, what the Meter knows
	due    int    // when it is told again
	held   int    // bytes
	match  pattern.Run
	regex  *pattern.Pattern          // compiled last, for those that are not constant
	zones  map[string]*time.Location // those asked for
}

// Next sets Root for the next document and lets it reuse the memory of results
// so far: they must not be read again. Current goes back to Root.
func (s *Scope) Next(root value.Doc) {
	s.Root, s.Current = root, value.Value{}
	s.memory = s.chunk
}

// Compile reads an expression. at is where it stands, for errors. An operator
// that does not exist is a DatabaseOperator, a wrong operand or an unknown
// variable a DatabaseFailed; both name the dotted path. The Expr keeps no hold
// on v, which may come unchecked.
func Compile(at string, v value.Value, o Options) (*Expr, error) {
	c := compiler{}
	for i, name := range o.Vars {
		c.vars = append(c.vars, binding{name: name, base: baseOuter, slot: i})
	}
	root, err := c.compile(at, v.Clone())
	if err != nil {
		return nil, err
	}
	e := &Expr{root: root, slots: c.most, nests: c.nests, fields: c.fields, whole: c.whole}
	e.path, _ = root.(*path)
	e.fixed, _ = root.(*constant)
	return e, nil
}

// Eval returns the value for the document of s, Missing when there is none. The
// package comment says how long it may be used. Errors are DatabaseFailed, or
// the Meter's.
func (e *Expr) Eval(s *Scope) (value.Value, error) {
	if e.fixed != nil {
		return e.fixed.v, nil
	}
	s.steps, s.told, s.due, s.held = 0, 0, effort.Stride, 0
	if e.path != nil && e.path.base == baseCurrent {
		v, err := e.path.of(s, s.current())
		if s.steps > 0 && err == nil {
			err = s.report()
		}
		return v, err
	}
	for len(s.locals) < e.slots {
		s.locals = append(s.locals, value.Value{})
	}
	s.match = pattern.Run{Meter: s.Meter}
	v, err := e.root.eval(s)
	if err == nil {
		err = s.report()
	}
	if err == nil && e.nests && tooDeep(v) {
		err = fault.New(fault.DatabaseFailed, "the result of the expression nests deeper than %d levels", value.MaxDepth)
	}
	if err != nil {
		return value.Value{}, err
	}
	return v, nil
}

// Constant returns the value of an expression that needs no document.
func (e *Expr) Constant() (value.Value, bool) {
	if e.fixed == nil {
		return value.Value{}, false
	}
	return e.fixed.v, true
}

// Path returns the dotted path, without $, of an expression that only reads one
// from the document, such as "$a.b".
func (e *Expr) Path() (string, bool) {
	if e.path == nil || e.path.base != baseCurrent || len(e.path.parts) == 0 {
		return "", false
	}
	return e.path.text, true
}

// Fields returns the top-level members that the expression reads, in no
// particular order; nil when it may read any, an empty list when it reads none.
func (e *Expr) Fields() []string {
	if e.whole {
		return nil
	}
	return append([]string{}, e.fields...)
}

// Truthy reports whether v counts as true in $cond, $and, $expr and so on: all
// values do but false, 0, null and Missing. Empty texts and arrays do.
func Truthy(v value.Value) bool { return v.IsTrue() }

// current returns $$CURRENT.
func (s *Scope) current() value.Value {
	if s.Current.Type != value.TypeMissing {
		return s.Current
	}
	return value.FromDoc(s.Root)
}

// spend counts steps of work; an error means that there were too many, or that
// the request has ended.
func (s *Scope) spend(n int) error {
	if s.steps += n; s.steps < s.due {
		return nil
	}
	if s.steps > maxSteps {
		return fault.New(fault.DatabaseFailed, "the expression needs more than %d steps on one document; make it simpler", maxSteps)
	}
	return s.report()
}

// report tells the Meter what was spent since it was last told.
func (s *Scope) report() error {
	spent := s.steps - s.told
	s.told, s.due = s.steps, s.steps+effort.Stride
	return s.Meter.Spend(spent)
}

// lookup returns the member of an object, and counts what finding it may take.
func (s *Scope) lookup(d value.Doc, name string) (value.Value, error) {
	if len(d) >= walkStep {
		if err := s.spend(len(d) / walkStep); err != nil {
			return value.Value{}, err
		}
	}
	return d.Get(name), nil
}

// weigh counts what a comparison of x and y may take.
func (s *Scope) weigh(x, y value.Value) error {
	n := min(len(x.Data), len(y.Data))
	if n < copyStep {
		return nil
	}
	return s.spend(n / copyStep)
}

// hold counts bytes of a value that is being built.
func (s *Scope) hold(n int) error {
	if s.held += n; s.held > maxHeld {
		return fault.New(fault.DatabaseFailed, "the expression needs more than %d bytes of memory on one document; make it simpler", maxHeld)
	}
	return s.spend(n / copyStep)
}

// tooDeep reports whether v nests deeper than value.MaxDepth.
func tooDeep(v value.Value) bool { return deeper(v, value.MaxDepth) }

func deeper(v value.Value, levels int) bool {
	if v.Type != value.TypeObject && v.Type != value.TypeArray {
		return false
	}
	if levels == 0 {
		return true
	}
	c := v.Doc().Cursor()
	for {
		_, member, ok := c.Next()
		if !ok {
			return false
		}
		if deeper(member, levels-1) {
			return true
		}
	}
}
