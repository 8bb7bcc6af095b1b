package pattern_test

import (
	"fmt"
	"testing"

	"baas/db/fault"
	"baas/db/pattern"
)

func TestEachFindsMatchesAndGroupsInBytes(t *testing.T) {
	for _, tc := range []struct{ name, pattern, options, text, want string }{
		{"literal", "an", "", "banana", "[[1 3] [3 5]]"},
		{"literal without length", "", "", "é1", "[[0 0] [2 2] [3 3]]"},
		{"anchored literal", "^an", "", "anan", "[[0 2]]"},
		{"anchored literal elsewhere", "^an", "", "banan", "[]"},
		{"groups", "(a)(b)?", "", "éabа a", "[[2 4 2 3 3 4] [7 8 7 8 -1 -1]]"},
		{"named groups stand in order", "(?<x>a)(b)", "", "ab", "[[0 2 0 1 1 2]]"},
		{"match without length", "x*", "", "ax", "[[0 0] [1 2] [2 2]]"},
		{"none", "c+", "i", "ab", "[]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := pattern.Compile("at", tc.pattern, tc.options)
			if err != nil {
				t.Fatal(err)
			}
			got := [][]int{}
			err = p.Each(&pattern.Run{}, []byte(tc.text), func(groups []int) bool {
				got = append(got, append([]int(nil), groups...))
				return true
			})
			if err != nil || fmt.Sprint(got) != tc.want {
				t.Errorf("got %v, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestEachStopsWhenAsked(t *testing.T) {
	for _, text := range []string{"a", "a+"} {
		p, err := pattern.Compile("at", text, "")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = p.Each(&pattern.Run{}, []byte("a a a"), func([]int) bool { n++; return false })
		if n != 1 || err != nil {
			t.Errorf("%s: %d matches, %v", text, n, err)
		}
	}
}

func TestEachIsBoundedInTime(t *testing.T) {
	p, err := pattern.Compile("at", `^(a|aa)+\d$`, "")
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")
	err = p.Each(&pattern.Run{}, text, func([]int) bool { return true })
	if !fault.Is(err, fault.DatabaseFailed) {
		t.Errorf("got %v", err)
	}
}
