// Package bundle makes one CommonJS program of a function's files with esbuild:
// CommonJS, ESM, TypeScript, JSON and npm dependencies, with a source map.
//
// Dangers. esbuild cannot be stopped, holds what it likes of memory, and its
// parser recurses as deep as the source is nested, which ends a Go program. So
// it never runs in the server: Run starts this binary once more, as a bundler,
// with a limit on time and memory; the child's end is RunChild. It costs about
// ten milliseconds.
//
// Who may deploy to one environment must not read the server's disk by it: a
// package.json or an import can name any file, and esbuild quotes what it does
// not understand. Builds are confined to the function's folder.
package bundle

// CodeFile and MapFile are the names of what a build leaves in Request.Out.
const (
	CodeFile = "index.js"
	MapFile  = "index.js.map"
)

// Request asks for a build.
type Request struct {
	Dir     string   `json:"dir"`     // the function's files
	Entry   string   `json:"entry"`   // relative to Dir, with slashes
	Out     string   `json:"out"`     // an existing directory for the result
	Modules []string `json:"modules"` // what the runtime serves itself: stays external

	// Workspace lets imports leave Dir, for packages that are kept above the
	// function's folder. Only for folders of the server's own user.
	Workspace bool `json:"workspace,omitempty"`
}

// Result tells what came of a build. With Errors there is no bundle.
type Result struct {
	Errors   []Message `json:"errors,omitempty"`
	Warnings []Message `json:"warnings,omitempty"`
	Bytes    int       `json:"bytes"` // of the code
}

// Message is one remark of the bundler on the user's code.
type Message struct {
	Text   string `json:"text"`
	File   string `json:"file,omitempty"`   // relative to Request.Dir
	Line   int    `json:"line,omitempty"`   // from 1
	Column int    `json:"column,omitempty"` // from 1
}
