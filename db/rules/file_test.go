package rules_test

import (
	"fmt"
	"testing"

	"baas/db/fault"
	"baas/db/rules"
)

// The table of wx-cloud-api.md 7.4, as letters: R read, C create at a free
// path, W overwrite or delete.
func TestAuthorizeFile(t *testing.T) {
	t.Parallel()
	const mine, theirs, admins = "me", "them", ""
	for _, tc := range []struct {
		mode              rules.Mode
		nobody            string // on a file of anybody
		own, other, admin string // a user, on a file of that owner
	}{
		{rules.ReadOnly, "R", "RCW", "RC", "RC"},
		{rules.Private, "", "RCW", "C", "C"},
		{rules.AdminWrite, "R", "R", "R", "R"},
		{rules.AdminOnly, "", "", "", ""},
	} {
		user := rules.Principal{Role: rules.User, UID: mine}
		wechat := rules.Principal{Role: rules.User, UID: "uid", OpenID: mine}
		for _, c := range []struct {
			who   string
			p     rules.Principal
			owner string
			want  string
		}{
			{"nobody, a user's file", rules.Principal{}, mine, tc.nobody},
			{"nobody, an admin's file", rules.Principal{}, admins, tc.nobody},
			{"user, own file", user, mine, tc.own},
			{"WeChat user, own file", wechat, mine, tc.own},
			{"user, another's file", user, theirs, tc.other},
			{"user, an admin's file", user, admins, tc.admin},
			{"user without an identity", rules.Principal{Role: rules.User}, admins, tc.nobody},
			{"function called by a user", user.AsFunction(), theirs, "RCW"},
			{"admin", rules.Principal{Role: rules.Admin}, theirs, "RCW"},
			{"system", rules.SystemPrincipal(), theirs, "RCW"},
		} {
			t.Run(fmt.Sprintf("%s/%s", tc.mode, c.who), func(t *testing.T) {
				t.Parallel()
				got := ""
				for _, op := range []struct {
					letter string
					op     rules.Operation
				}{{"R", rules.Read}, {"C", rules.Create}, {"W", rules.Update}, {"W", rules.Delete}} {
					err := rules.AuthorizeFile(tc.mode, c.p, op.op, c.owner)
					if err != nil && !fault.Is(err, fault.StorageDenied) {
						t.Errorf("%s: %v, want StorageDenied", op.letter, err)
					}
					if err == nil {
						got += op.letter
					}
				}
				want := c.want
				if len(want) > 0 && want[len(want)-1] == 'W' {
					want += "W" // Update and Delete go together
				}
				if got != want {
					t.Errorf("may %q, want %q", got, want)
				}
			})
		}
	}
}
