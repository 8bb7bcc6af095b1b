package rules_test

import (
	"testing"

	"baas/db/fault"
	"baas/db/rules"
)

// TestAuthorize is the table of wx-cloud-api.md 8.1: "all" documents, "own"
// ones, or "no".
func TestAuthorize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode                         rules.Mode
		read, create, update, remove string
	}{
		{rules.ReadOnly, "all", "all", "own", "own"},
		{rules.Private, "own", "all", "own", "own"},
		{rules.AdminWrite, "all", "no", "no", "no"},
		{rules.AdminOnly, "no", "no", "no", "no"},
		{"UNKNOWN", "no", "no", "no", "no"},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			t.Parallel()
			for op, want := range map[rules.Operation]string{
				rules.Read: tc.read, rules.Create: tc.create, rules.Update: tc.update, rules.Delete: tc.remove,
			} {
				for _, user := range []rules.Principal{{Role: rules.User, UID: "u"}, {Role: rules.User, OpenID: "o"}} {
					if got := verdict(t, tc.mode, user, op); got != want {
						t.Errorf("user, operation %d: %s, want %s", op, got, want)
					}
				}
				for _, nobody := range []rules.Principal{{}, {Role: rules.User}} {
					if got := verdict(t, tc.mode, nobody, op); got != "no" {
						t.Errorf("caller without identity, operation %d: %s, want no", op, got)
					}
				}
				for _, role := range []rules.Role{rules.Admin, rules.System} {
					if got := verdict(t, tc.mode, rules.Principal{Role: role}, op); got != "all" {
						t.Errorf("role %d, operation %d: %s, want all", role, op, got)
					}
				}
			}
		})
	}
}

func verdict(t *testing.T, m rules.Mode, p rules.Principal, op rules.Operation) string {
	t.Helper()
	v, err := rules.Authorize(m, p, op)
	switch {
	case fault.Is(err, fault.DatabaseDenied):
		return "no"
	case err != nil:
		t.Fatal(err)
	case v.OwnOnly:
		return "own"
	}
	return "all"
}

func TestModeValid(t *testing.T) {
	t.Parallel()
	for m, want := range map[rules.Mode]bool{
		rules.ReadOnly: true, rules.Private: true, rules.AdminWrite: true, rules.AdminOnly: true, "": false, "private": false, "CUSTOM": false,
	} {
		if m.Valid() != want {
			t.Errorf("%q.Valid() = %t", m, !want)
		}
	}
}

func TestAsFunction(t *testing.T) {
	t.Parallel()
	p := rules.Principal{Role: rules.User, OpenID: "o", Source: "wx_client"}
	f := p.AsFunction()
	if f.Role != rules.Admin || f.OpenID != "o" || f.Source != "wx_client,scf" {
		t.Errorf("got %+v", f)
	}
	if p.Role != rules.User {
		t.Error("the caller's principal was changed")
	}
	if got := f.AsFunction().Source; got != "wx_client,scf,scf" {
		t.Errorf("second call: source %q", got)
	}
	if got := (rules.Principal{}).AsFunction().Source; got != "scf" {
		t.Errorf("no source: %q", got)
	}
}
