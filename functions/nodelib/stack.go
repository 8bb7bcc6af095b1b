package nodelib

import "strings"

// Frames rewrites stack frames from goja's form, "\tat f (file:1:2(33))", to
// V8's, "    at f (file:1:2)". Other lines stay as they are.
func Frames(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		frame, ok := strings.CutPrefix(line, "\tat ")
		if !ok {
			continue
		}
		lines[i] = "    at " + position(frame)
	}
	return strings.Join(lines, "\n")
}

// position drops the program counter behind a frame's column.
func position(frame string) string {
	body, named := strings.CutSuffix(frame, "))")
	if !named {
		var bare bool
		if body, bare = strings.CutSuffix(frame, ")"); !bare {
			return frame // native
		}
	}
	at := strings.LastIndexByte(body, '(')
	if at < 0 || !digitsOnly(body[at+1:]) {
		return frame
	}
	if named {
		return body[:at] + ")"
	}
	return body[:at]
}

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// SplitStack parts the text of a stack property into its head (class and
// message) and its frames as V8 writes them.
func SplitStack(stack string) (head, frames string) {
	stack = Frames(stack)
	at := strings.Index(stack, "\n    at ")
	if at < 0 {
		return stack, ""
	}
	return stack[:at], stack[at+1:]
}
