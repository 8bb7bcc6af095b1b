package db

import (
	"bytes"
	"slices"

	"baas/db/keyenc"
	"baas/db/kv"
	"baas/db/plan"
)

// stream passes documents as the entries of one index come: in the order of a
// sort, entries that are equal in it as a group in natural order.
type stream struct {
	coll  uint32
	end   place
	scan  indexScan
	group []byte  // what the entries of the group begin with; nil before the first
	ties  []place // of the group
	ready []place // of groups that are whole, to be passed from head on
	head  int
	over  bool // no entries are left
	views int
	// given are the places that were passed: a document that moves in the index
	// while the walk goes on, or has several entries, is passed once.
	given map[place]struct{}
	early []place // passed in the first view
	key   []byte  // of a document
}

func newStream(coll uint32, end place, scan indexScan) *stream {
	s := &stream{coll: coll, end: end, scan: scan}
	if !scan.Once {
		s.given = map[place]struct{}{}
	}
	return s
}

func (s *stream) scanning() []indexScan {
	if s.over {
		return nil
	}
	return []indexScan{s.scan}
}

// plain reports whether entries can be passed one by one: ties then come in
// natural order by themselves.
func (s *stream) plain() bool {
	return s.scan.SortedFields == 0 && !s.scan.Reverse || !s.scan.Reverse && s.scan.SortedFields == s.scan.Index.Fields()
}

func (s *stream) view(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (done bool, err error) {
	s.views++
	if s.views == 2 && s.given == nil {
		s.given = make(map[place]struct{}, len(s.early))
		for _, at := range s.early {
			s.given[at] = struct{}{}
		}
		s.early = nil
	}
	if full, err := s.pass(r, a, fn); full || err != nil {
		return false, err
	}
	if s.over {
		return true, nil
	}
	s.over, err = s.scan.walk(r, a.key, func(key, stored []byte) (full bool, err error) {
		return s.entry(r, a, key, stored, fn)
	})
	if !s.over || err != nil {
		return false, err
	}
	s.endGroup()
	full, err := s.pass(r, a, fn)
	return !full && err == nil, err
}

// entry takes one entry in.
func (s *stream) entry(r kv.Reader, a *allowance, key, stored []byte, fn func(at place, stored []byte) error) (full bool, err error) {
	full = a.key(len(key))
	at := s.scan.x.placeIn(key, stored)
	if s.plain() {
		s.ready = append(s.ready, at)
	} else {
		group := key[:s.groupLength(key)]
		if !bytes.Equal(group, s.group) {
			s.endGroup()
			s.group = append(s.group[:0], group...)
		}
		s.ties = append(s.ties, at)
	}
	more, err := s.pass(r, a, fn)
	return full || more, err
}

// groupLength returns how long the part of a key is that its ties share.
func (s *stream) groupLength(key []byte) int {
	n := len(s.scan.x.prefix)
	for i := range s.scan.SortedFields {
		length := keyenc.Length(key[n:], s.scan.Index.FieldKind(i) == plan.Desc)
		if length < 0 {
			return len(key)
		}
		n += length
	}
	return n
}

func (s *stream) endGroup() {
	slices.Sort(s.ties)
	s.ready = append(s.ready, s.ties...)
	s.ties = s.ties[:0]
}

// pass passes the documents that are ready; full is true when the view must end
// before or behind them.
func (s *stream) pass(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (full bool, err error) {
	for s.head < len(s.ready) && !full {
		at := s.ready[s.head]
		s.head++
		if at >= s.end || s.wasGiven(at) {
			continue
		}
		s.key = appendDocKey(s.key[:0], s.coll, at)
		stored, err := r.Get(s.key)
		if err != nil {
			return false, err
		}
		if stored == nil {
			continue // removed since its entry was read
		}
		if err := fn(at, stored); err != nil {
			return false, err
		}
		full = a.doc(len(stored))
	}
	if s.head == len(s.ready) {
		s.ready, s.head = s.ready[:0], 0
	}
	return full, nil
}

// wasGiven notes that a document is passed, and reports whether it was before.
func (s *stream) wasGiven(at place) bool {
	if s.given == nil {
		if s.early == nil {
			s.early = make([]place, 0, 32)
		}
		s.early = append(s.early, at)
		return false
	}
	_, given := s.given[at]
	s.given[at] = struct{}{}
	return given
}
