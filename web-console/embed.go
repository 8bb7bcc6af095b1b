// Package webconsole holds the built web console. Its sources are in src; dist
// is committed, so that a fresh clone serves the console without Node.
package webconsole

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS returns the built files, index.html at the root.
func FS() (fs.FS, error) { return fs.Sub(dist, "dist") }
