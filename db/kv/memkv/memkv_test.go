package memkv_test

import (
	"testing"

	"baas/db/kv"
	"baas/db/kv/kvtest"
	"baas/db/kv/memkv"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(*testing.T) kvtest.Harness {
		var disk memkv.Disk
		return kvtest.Harness{Open: func(t *testing.T) kv.Store {
			t.Helper()
			s, err := disk.Open()
			if err != nil {
				t.Fatal(err)
			}
			return s
		}}
	})
}

func TestDiskHoldsOneStore(t *testing.T) {
	t.Parallel()
	var disk memkv.Disk
	s, err := disk.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open(); err == nil {
		t.Error("a second store was opened on the same disk")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = disk.Open(); err != nil {
		t.Fatalf("opening after the close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
