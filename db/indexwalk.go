package db

import (
	"bytes"
	"encoding/binary"
	"slices"

	"baas/db/commit"
	"baas/db/keyenc"
	"baas/db/kv"
	"baas/db/plan"
)

// indexScan is a plan's walk over one index, and where it stands: the ranges
// that are left, the first of them only as far as it has not been walked.
type indexScan struct {
	plan.Scan
	x *index
}

// placeIn reads the place from an entry.
func (x *index) placeIn(key, stored []byte) place {
	if x.bare {
		return decodePlace(stored)
	}
	if len(key) < 8 {
		return 1<<64 - 1
	}
	return place(binary.BigEndian.Uint64(key[len(key)-8:]))
}

// keys returns a range of the plan as keys of the store.
func (s *indexScan) keys(r plan.Range) kv.Range {
	out := kv.Range{Low: slices.Concat(s.x.prefix, r.Low), High: slices.Concat(s.x.prefix, r.High), Reverse: s.Reverse}
	if r.High == nil {
		out.High = keyenc.After(s.x.prefix)
	}
	return out
}

// next returns the range to walk now.
func (s *indexScan) next() (plan.Range, bool) {
	if len(s.Ranges) == 0 {
		return plan.Range{}, false
	}
	if s.Reverse {
		return s.Ranges[len(s.Ranges)-1], true
	}
	return s.Ranges[0], true
}

// over says that the range is walked to its end.
func (s *indexScan) over() {
	if s.Reverse {
		s.Ranges = s.Ranges[:len(s.Ranges)-1]
		return
	}
	s.Ranges = s.Ranges[1:]
}

// passed says that the range is walked up to a key.
func (s *indexScan) passed(key []byte) {
	key = bytes.Clone(key[len(s.x.prefix):])
	s.Ranges = slices.Clone(s.Ranges) // those of the plan stay
	if s.Reverse {
		s.Ranges[len(s.Ranges)-1].High = key
		return
	}
	s.Ranges[0].Low = append(key, 0)
}

// admits reports whether the document of an entry need be looked at.
func (s *indexScan) admits(key []byte) bool { return s.Admits(key[len(s.x.prefix):]) }

// walk passes the entries that are left until fn fails or says that the view is
// full; kv.ErrStop of fn is returned as it is. Entries that cannot be of the
// query go to skip.
func (s *indexScan) walk(r kv.Reader, skip func(bytes int) (full bool), fn func(key, stored []byte) (full bool, err error)) (done bool, err error) {
	for rng, ok := s.next(); ok; rng, ok = s.next() {
		full := false
		var failed error
		err := r.Scan(s.keys(rng), func(key, stored []byte) error {
			if s.admits(key) {
				full, failed = fn(key, stored)
			} else {
				full = skip(len(key))
			}
			if failed != nil {
				return failed
			}
			if full {
				s.passed(key)
				return kv.ErrStop
			}
			return nil
		})
		switch {
		case failed != nil:
			return false, failed
		case err != nil:
			return false, err
		case full:
			return false, nil
		}
		s.over()
	}
	return true, nil
}

// left returns the scans that are not over.
func left(scans []indexScan) []indexScan {
	for len(scans) > 0 && len(scans[0].Ranges) == 0 {
		scans = scans[1:]
	}
	return scans
}

// counting counts the entries of a plan in which each is a document.
type counting struct {
	w     *walk
	scans []indexScan
}

func (s *counting) scanning() []indexScan { return left(s.scans) }

func (s *counting) view(r kv.Reader, a *allowance, _ func(at place, stored []byte) error) (done bool, err error) {
	for i := range s.scans {
		done, err := s.scans[i].walk(r, a.key, func(key, _ []byte) (full bool, err error) {
			s.w.counted++
			return a.key(len(key)), nil
		})
		if !done || err != nil {
			return false, err
		}
	}
	return true, nil
}

// gather collects the places of all entries first and then passes the documents
// in natural order, each once.
type gather struct {
	coll   uint32
	end    place
	scans  []indexScan
	most   int // entries, beyond which the whole collection is faster
	places []place
	seq    uint64 // newest operation when the collecting began
	views  int
	sorted bool
	whole  *wholeScan // in place of all that, once there are too many
}

// widest returns how many entries of a collection are worth gathering: reading
// documents here and there costs about eight times what a scan takes.
func widest(documents uint64) int { return max(1000, int(min(documents/8, 1<<40))) }

func (s *gather) scanning() []indexScan { return left(s.scans) }

func (s *gather) view(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (done bool, err error) {
	if s.whole != nil {
		return s.whole.view(r, a, fn)
	}
	s.views++
	fresh := !s.sorted
	if fresh {
		if done, err := s.collect(r, a); !done || err != nil {
			return false, err
		}
		if s.whole != nil {
			return s.whole.view(r, a, fn)
		}
	}
	return fetch(r, s.coll, &s.places, fresh && s.views == 1, a, fn)
}

// collect reads entries into places; done is true when all are there, or so
// many that the whole collection is to be scanned.
func (s *gather) collect(r kv.Reader, a *allowance) (done bool, err error) {
	if s.views == 1 {
		if s.seq, err = commit.LastSeq(r); err != nil {
			return false, err
		}
	}
	for i := range s.scans {
		scan := &s.scans[i]
		done, err := scan.walk(r, a.key, func(key, stored []byte) (full bool, err error) {
			if at := scan.x.placeIn(key, stored); at < s.end {
				s.places = append(s.places, at)
			}
			return a.key(len(key)) || len(s.places) > s.most, nil
		})
		if err != nil {
			return false, err
		}
		if len(s.places) > s.most {
			s.whole, s.scans, s.places = &wholeScan{coll: s.coll, end: s.end}, nil, nil
			return true, nil
		}
		if !done {
			return false, nil
		}
	}
	s.sorted = true
	if s.views > 1 {
		s.addTouched(r)
	}
	slices.Sort(s.places)
	s.places = slices.Compact(s.places)
	return true, nil
}

// addTouched adds what was written to while the entries were read: a document
// may have moved from where the walk was going to where it had been. A log that
// does not reach back says nothing.
func (s *gather) addTouched(r kv.Reader) {
	touched, err := touchedSince(r, s.coll, s.seq)
	if err != nil {
		return
	}
	for _, at := range touched {
		if at < s.end {
			s.places = append(s.places, at)
		}
	}
}
