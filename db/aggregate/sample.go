package aggregate

import (
	"math/rand/v2"
	"slices"

	"baas/db/fault"
	"baas/db/value"
)

// sample is $sample: so many documents by chance, each at most once, all when
// there are fewer.
type sample struct{ size int64 }

// compileSample reads {size: n}, or n alone, which some SDKs send.
func compileSample(at string, v value.Value) (*sample, error) {
	if v.Type == value.TypeObject {
		for key := range v.Doc().All() {
			if key != "size" {
				return nil, unknownOption(at + "." + key)
			}
		}
		v = v.Doc().Get("size")
		at += ".size"
	}
	n, ok := v.AsInt64()
	if f, number := v.AsFloat(); !ok && number { // a fraction is cut, as the original does
		n, ok = int64(f), f == f && f > -1<<53 && f < 1<<53
	}
	if !ok || n <= 0 {
		return nil, fault.Refused(at, "must be a positive number of documents")
	}
	return &sample{n}, nil
}

func (s *sample) open(r *run, next sink) (sink, error) {
	return &sampling{sample: s, run: r, next: next, memory: r.account("$sample", r.budget.Stage)}, nil
}

// sampling is a reservoir: after n documents, each is in it with equal chance.
type sampling struct {
	*sample
	run    *run
	next   sink
	memory account
	came   int64
	kept   []value.Doc
}

func (s *sampling) push(d value.Doc) error {
	s.came++
	if int64(len(s.kept)) < s.size {
		s.kept = append(s.kept, slices.Clone(d))
		return s.memory.charge(len(d) + overhead)
	}
	i := rand.Int64N(s.came)
	if i >= s.size {
		return nil
	}
	freed := len(s.kept[i])
	s.kept[i] = append(s.kept[i][:0], d...)
	return s.memory.charge(len(d) - freed)
}

func (s *sampling) close() error {
	rand.Shuffle(len(s.kept), func(i, j int) { s.kept[i], s.kept[j] = s.kept[j], s.kept[i] })
	var err error
	for _, d := range s.kept {
		if err = s.next.push(d); err != nil {
			break
		}
	}
	s.kept = nil
	s.memory.release()
	return closing(err, s.next)
}
