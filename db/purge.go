package db

import (
	"bytes"

	"baas/db/commit"
	"baas/db/kv"
)

// wake fills a one-slot channel.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake
	}
}

// purgeIndex removes some entries of one dropped index; more says whether there
// may be others.
func purgeIndex(tx *commit.Tx) (more bool, err error) {
	var mark []byte
	marks := kv.Prefix([]byte{prefixDroppedIndex})
	marks.Limit = 1
	err = tx.Scan(marks, func(key, _ []byte) error {
		mark = bytes.Clone(key)
		return nil
	})
	if mark == nil || err != nil {
		return false, err
	}
	var keys [][]byte
	entries := kv.Prefix(append([]byte{prefixIndex}, mark[1:]...))
	entries.Limit = purgeAtOnce
	err = tx.Scan(entries, func(key, _ []byte) error {
		keys = append(keys, bytes.Clone(key))
		return nil
	})
	if err != nil {
		return false, err
	}
	if len(keys) == 0 {
		keys = [][]byte{mark}
	}
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return false, err
		}
	}
	return true, nil
}
