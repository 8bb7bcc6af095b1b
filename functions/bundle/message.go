package bundle

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// String renders the message the way compilers do: file:line:column: text.
func (m Message) String() string {
	if m.File == "" {
		return m.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// maxMessages bounds the messages of one kind in a Result.
const maxMessages = 20

func (p *program) messages(list []api.Message) []Message {
	var out []Message
	for _, m := range list[:min(len(list), maxMessages)] {
		text := strings.ReplaceAll(explain(m.Text), p.Dir+string(filepath.Separator), "")
		msg := Message{Text: text}
		if l := m.Location; l != nil {
			msg.File, msg.Line, msg.Column = filepath.ToSlash(l.File), l.Line, l.Column+1
			if !p.mayQuote(l.File) {
				msg = Message{Text: "a file outside the function's folder is named, in tsconfig.json or a source map; leave it out"}
			}
		}
		out = append(out, msg)
	}
	return out
}

// mayQuote reports whether a message may quote file, a path relative to Dir:
// esbuild shows what it stumbled over, and tsconfig.json and comments can make
// it read any file.
func (p *program) mayQuote(file string) bool {
	return p.Workspace || file == stdin || within(p.Dir, filepath.Join(p.Dir, file))
}

// explain adds to esbuild's text what to do about it.
func explain(text string) string {
	name, ok := strings.CutPrefix(text, `Could not resolve "`)
	if !ok {
		return text
	}
	name, _, _ = strings.Cut(name, `"`)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
		return text
	}
	return text + ": list the package in package.json and run npm install in the function's folder"
}
