package nodelib_test

import (
	"strings"
	"testing"

	"github.com/dop251/goja"

	"baas/functions/nodelib"
)

func TestExpandProperties(t *testing.T) {
	for _, tc := range []struct{ name, pattern, match, miss string }{
		{"a category", `^\p{Lu}$`, "É", "é"},
		{"its long name", `^\p{Uppercase_Letter}$`, "É", "é"},
		{"its key", `^\p{gc=Nd}$`, "٣", "x"},
		{"a script", `^\p{Script=Han}+$`, "漢字", "かな"},
		{"a script's short name", `^\p{sc=Grek}+$`, "αβ", "ab"},
		{"the negation", `^\P{L}+$`, "12-", "a"},
		{"within a class", `^[\p{L}\d_]+$`, "aé5_", "a-b"},
		{"negated within a class", `^[\P{L}a]+$`, "1a", "b"},
		{"in a negated class", `^[^\p{L}]+$`, "12", "a"},
		{"emoji", `^\p{Emoji_Presentation}$`, "😀", "a"},
		{"a binary property", `^\p{White_Space}$`, "\u3000", "x"},
		{"alphabetic", `^\p{Alphabetic}$`, "ⅷ", "8"},
		{"any", `^\p{Any}$`, "😀", ""},
		{"an escaped backslash is none", `^\\p{2}$`, `\pp`, "a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expanded, ok := nodelib.ExpandProperties(tc.pattern)
			if !ok {
				t.Fatal("the property is not known")
			}
			vm := goja.New()
			if err := vm.Set("pattern", expanded); err != nil {
				t.Fatal(err)
			}
			for text, want := range map[string]bool{tc.match: true, tc.miss: false} {
				if err := vm.Set("text", text); err != nil {
					t.Fatal(err)
				}
				v, err := vm.RunString(`new RegExp(pattern, 'u').test(text)`)
				if err != nil {
					t.Fatal(err)
				}
				if got := v.ToBoolean(); got != want {
					t.Errorf("%q: got %v, want %v", text, got, want)
				}
			}
		})
	}
}

func TestExpandPropertiesRefuses(t *testing.T) {
	for _, pattern := range []string{`\p{Nope}`, `\p{Script=Nope}`, `\p{L`, `\p{x=y}`, `\p{}`} {
		if got, ok := nodelib.ExpandProperties(pattern); ok {
			t.Errorf("%s: got %s, want a refusal", pattern, got)
		}
	}
}

// FuzzExpandProperties: no pattern makes it panic, and what it takes has no
// escapes left.
func FuzzExpandProperties(f *testing.F) {
	for _, seed := range []string{`\p{L}`, `[^\P{Lu}\d]`, `\\p{L}`, `\p{`, `[\p{Script=Han}-z]`, `\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		expanded, ok := nodelib.ExpandProperties(pattern)
		if ok && strings.Contains(strings.ReplaceAll(expanded, `\\`, ""), `\p{`) {
			t.Errorf("%q became %q", pattern, expanded)
		}
	})
}

func TestFrames(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a named frame", "Error: x\n\tat main (/var/user/index.js:2:9(12))\n", "Error: x\n    at main (/var/user/index.js:2:9)"},
		{"a bare frame", "Error\n\tat /var/user/index.js:2:9(12)\n", "Error\n    at /var/user/index.js:2:9"},
		{"a native frame", "Error\n\tat call (native)", "Error\n    at call (native)"},
		{"a name with brackets", "Error\n\tat f (a) (x.js:1:2(3))", "Error\n    at f (a) (x.js:1:2)"},
		{"a message of several lines", "Error: a\nb (1)\n\tat x.js:1:2(3)", "Error: a\nb (1)\n    at x.js:1:2"},
		{"V8's own form", "Error\n    at f (x.js:1:2)", "Error\n    at f (x.js:1:2)"},
		{"no frames", "just text", "just text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := nodelib.Frames(tc.text); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSplitStack(t *testing.T) {
	head, frames := nodelib.SplitStack("TypeError: a\nb\n\tat f (x.js:1:2(3))\n\tat g (x.js:4:5(6))\n")
	if head != "TypeError: a\nb" || frames != "    at f (x.js:1:2)\n    at g (x.js:4:5)" {
		t.Errorf("got %q and %q", head, frames)
	}
}
