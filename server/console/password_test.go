package console

import (
	"strings"
	"testing"

	"baas/db/fault"
)

func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	h := newHasher(costNow())
	phc, err := h.hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=47104,t=1,p=1$") {
		t.Fatalf("got %q, %v", phc, err)
	}
	if again, err := h.hash(t.Context(), "correct horse"); err != nil || again == phc {
		t.Fatalf("two hashes of one password are equal: %v", err)
	}
	for _, tc := range []struct {
		name, password, phc string
		want                bool
	}{
		{"right", "correct horse", phc, true},
		{"wrong", "wrong horse", phc, false},
		{"empty", "", phc, false},
		{"nobody", "correct horse", "", false},
		{"nobody, empty", "", "", false},
	} {
		if got, err := h.matches(t.Context(), tc.password, tc.phc); err != nil || got != tc.want {
			t.Errorf("%s: got %v, %v", tc.name, got, err)
		}
	}
	for _, damaged := range []string{
		"x", strings.Replace(phc, "argon2id", "argon2i", 1), strings.Replace(phc, "m=47104", "m=4294967295", 1),
		strings.Replace(phc, "t=1", "t=0", 1), strings.Replace(phc, "p=1", "p=0", 1), phc[:len(phc)-4], phc + "$x",
	} {
		if ok, err := h.matches(t.Context(), "correct horse", damaged); err == nil || ok {
			t.Errorf("damaged hash %q: got %v, %v", damaged, ok, err)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, password string
		ok             bool
	}{
		{"eight", "12345678", true},
		{"eight Chinese characters", "一二三四五六七八", true},
		{"seven", "1234567", false},
		{"seven Chinese characters", "一二三四五六七", false},
		{"longest", strings.Repeat("x", 256), true},
		{"too long", strings.Repeat("x", 257), false},
		{"not UTF-8", "12345678\xff", false},
	} {
		if got := checkPassword(tc.password); (got == nil) != tc.ok || got != nil && fault.CodeOf(got) != fault.InvalidParam {
			t.Errorf("%s: got %v", tc.name, got)
		}
	}
}
