package memkv

import (
	"bytes"
	"math/rand/v2"

	"baas/db/kv"
)

// node is an element of a persistent treap: ordered by key, heap-ordered by
// rank, which is random and so keeps the tree shallow. A node never changes
// once it can be reached from a root: writers copy the path they change.
type node struct {
	key, value  []byte
	rank        uint64
	left, right *node
}

func find(n *node, key []byte) []byte {
	for n != nil {
		switch c := bytes.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value
		}
	}
	return nil
}

// insert returns the tree with key set to value; it takes both slices over.
func insert(n *node, key, value []byte) *node {
	if n == nil {
		return &node{key: key, value: value, rank: rand.Uint64()}
	}
	m := *n
	switch c := bytes.Compare(key, n.key); {
	case c == 0:
		m.value = value
	case c < 0:
		m.left = insert(n.left, key, value)
		if l := m.left; l.rank > m.rank {
			// l is a fresh copy: insert made it on the way down.
			m.left, l.right = l.right, &m
			return l
		}
	default:
		m.right = insert(n.right, key, value)
		if r := m.right; r.rank > m.rank {
			m.right, r.left = r.left, &m
			return r
		}
	}
	return &m
}

// remove returns the tree without key, which must be in it.
func remove(n *node, key []byte) *node {
	c := bytes.Compare(key, n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	m := *n
	if c < 0 {
		m.left = remove(n.left, key)
	} else {
		m.right = remove(n.right, key)
	}
	return &m
}

// join merges two trees, all keys of a being smaller than those of b.
func join(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.rank > b.rank:
		m := *a
		m.right = join(a.right, b)
		return &m
	default:
		m := *b
		m.left = join(a, b.left)
		return &m
	}
}

// walk calls fn for the nodes of the range in its direction until fn fails.
func walk(n *node, r kv.Range, fn func(*node) error) error {
	if n == nil {
		return nil
	}
	aboveLow := bytes.Compare(n.key, r.Low) >= 0
	belowHigh := r.High == nil || bytes.Compare(n.key, r.High) < 0
	near, far := n.left, n.right
	nearIn, farIn := aboveLow, belowHigh
	if r.Reverse {
		near, far = far, near
		nearIn, farIn = farIn, nearIn
	}
	if nearIn {
		if err := walk(near, r, fn); err != nil {
			return err
		}
	}
	if aboveLow && belowHigh {
		if err := fn(n); err != nil {
			return err
		}
	}
	if farIn {
		return walk(far, r, fn)
	}
	return nil
}
