package nodelib_test

import (
	"testing"

	"baas/functions/nodelib/build/fresh"
)

func TestDistIsFresh(t *testing.T) {
	if err := fresh.Check("."); err != nil {
		t.Error(err)
	}
}
