// Package sdkjs carries the built client SDK, so that the server can hand it
// out under /sdk/ without Node on the machine.
//
// The files in dist are committed. Danger: they are only as good as the last
// build; this package's test recomputes the hash of the sources and fails when
// dist is stale (then: cd sdk-js && npm ci && npm run build).
package sdkjs

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built files: baas.js (one script tag, global cloud and
// baas), baas.mjs (browser module), baas.wx.js (mini program), baas.cjs (Node)
// and index.d.ts. The tree is read-only and safe for concurrent use.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// The directive above embeds exactly this folder.
		panic("sdkjs: dist is not embedded: " + err.Error())
	}
	return sub
}
