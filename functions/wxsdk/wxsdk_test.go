package wxsdk_test

import (
	"bytes"
	"testing"

	"baas/functions/wxsdk"
)

func TestSource(t *testing.T) {
	t.Parallel()
	for _, name := range wxsdk.Names() {
		if len(wxsdk.Source(name)) == 0 {
			t.Errorf("Source(%q) is empty", name)
		}
	}
	if got := wxsdk.Source("lodash"); got != nil {
		t.Errorf("Source of a module it does not serve = %d bytes, want nil", len(got))
	}
}

// The bundle must stand on the bridge alone: any other require would need a
// module that a worker may not have.
func TestSourceRequiresOnlyTheBridge(t *testing.T) {
	t.Parallel()
	source := wxsdk.Source("wx-server-sdk")
	calls := bytes.Count(source, []byte("require("))
	bridge := bytes.Count(source, []byte(`require("baas:host")`))
	if calls != bridge || bridge == 0 {
		t.Errorf("the bundle calls require %d times, %d of them for the bridge", calls, bridge)
	}
	if size := len(source); size > 60<<10 {
		t.Errorf("the bundle holds %d bytes; every worker compiles it, so keep it under 60 KB", size)
	}
}
