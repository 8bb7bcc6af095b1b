package aggregate

import (
	"cmp"
	"container/heap"
	"slices"

	"baas/db/fault"
	"baas/db/query"
	"baas/db/value"
)

// sort is $sort, with the $limit behind it when there is one.
type sort struct {
	spec  value.Doc
	order *query.Sort
	most  int64 // only so many are wanted; 0 means all
}

func compileSort(at string, v value.Value) (*sort, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object of paths, each 1 or -1; it is of type %s", v.Type.Name())
	}
	if v.Doc().IsEmpty() {
		return nil, fault.Refused(at, "give at least one path to sort by")
	}
	spec := slices.Clone(v.Doc())
	order, err := query.CompileSort(spec)
	if err != nil {
		return nil, standing(at, err)
	}
	return &sort{spec: spec, order: order}, nil
}

func (s *sort) open(r *run, next sink) (sink, error) {
	if s.order.ByTextScore() {
		return nil, fault.New(fault.DatabaseFailed, "$sort by the text score must stand directly behind the $match with the $text")
	}
	if s.order.ByTextScore() { // the store could not do it
		return nil, fault.New(fault.DatabaseFailed,
			"$sort: query requires text score metadata, but it is not available; sort right behind the $match with $text")
	}
	return &sorting{sort: s, run: r, next: next, memory: r.account("$sort", r.budget.Sort)}, nil
}

// sorting keeps every document, or the first most of them in a heap whose root is
// the last in order. Documents that are equal in order stay as they came.
type sorting struct {
	*sort
	run    *run
	next   sink
	memory account
	came   int
	kept   []arrival
}

type arrival struct {
	doc value.Doc
	at  int
}

func (s *sorting) compare(a, b arrival) int {
	if c := s.order.Compare(a.doc, b.doc); c != 0 {
		return c
	}
	return cmp.Compare(a.at, b.at)
}

func (s *sorting) push(d value.Doc) error {
	if err := s.run.spend(len(d)); err != nil {
		return err
	}
	s.came++
	one := arrival{d, s.came}
	if s.most > 0 && int64(len(s.kept)) == s.most {
		if s.compare(one, s.kept[0]) >= 0 {
			return nil
		}
		freed := len(s.kept[0].doc)
		s.kept[0] = arrival{append(s.kept[0].doc[:0], d...), s.came}
		heap.Fix(s, 0)
		return s.memory.charge(len(d) - freed)
	}
	one.doc = slices.Clone(d)
	if s.most > 0 {
		heap.Push(s, one)
	} else {
		s.kept = append(s.kept, one)
	}
	return s.memory.charge(len(d) + overhead)
}

func (s *sorting) close() error {
	slices.SortFunc(s.kept, s.compare)
	err := s.emit()
	s.kept = nil
	s.memory.release()
	return closing(err, s.next)
}

func (s *sorting) emit() error {
	for _, one := range s.kept {
		if err := s.next.push(one.doc); err != nil {
			return err
		}
	}
	return nil
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (s *sorting) Len() int           { return len(s.kept) }
func (s *sorting) Less(i, j int) bool { return s.compare(s.kept[i], s.kept[j]) > 0 }
func (s *sorting) Swap(i, j int)      { s.kept[i], s.kept[j] = s.kept[j], s.kept[i] }
func (s *sorting) Push(one any)       { s.kept = append(s.kept, one.(arrival)) }

// Pop implements heap.Interface; nothing here ever shrinks the heap.
func (s *sorting) Pop() any {
	last := s.kept[len(s.kept)-1]
	s.kept = s.kept[:len(s.kept)-1]
	return last
}
