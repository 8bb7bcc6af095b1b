package aggregate

import (
	"math"

	"baas/db/fault"
	"baas/db/value"
)

// skip is $skip.
type skip struct{ n int64 }

// limit is $limit.
type limit struct{ n int64 }

func compileSkip(at string, v value.Value) (*skip, error) {
	n, ok := v.AsInt64()
	if !ok || n < 0 {
		return nil, fault.Refused(at, "must be a whole number that is not negative")
	}
	return &skip{n}, nil
}

func compileLimit(at string, v value.Value) (*limit, error) {
	n, ok := v.AsInt64()
	if !ok || n <= 0 {
		return nil, fault.Refused(at, "must be a positive whole number")
	}
	return &limit{n}, nil
}

// sum adds page sizes without an overflow.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (s *skip) open(_ *run, next sink) (sink, error) { return &skipping{s.n, next}, nil }

type skipping struct {
	left int64
	next sink
}

func (s *skipping) push(d value.Doc) error {
	if s.left > 0 {
		s.left--
		return nil
	}
	return s.next.push(d)
}

func (s *skipping) close() error { return s.next.close() }

func (l *limit) open(_ *run, next sink) (sink, error) { return &limiting{l.n, next}, nil }

type limiting struct {
	left int64
	next sink
}

func (l *limiting) push(d value.Doc) error {
	if l.left == 0 {
		return errEnough
	}
	l.left--
	if err := l.next.push(d); err != nil {
		return err
	}
	if l.left == 0 {
		return errEnough
	}
	return nil
}

func (l *limiting) close() error { return l.next.close() }
