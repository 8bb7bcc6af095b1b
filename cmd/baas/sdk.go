package main

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	sdkjs "baas/sdk-js"
)

// sdkHandler serves the built client SDK below /sdk/: to any origin, for pages
// live elsewhere, and revalidated, for a newer server brings a newer SDK.
func sdkHandler() http.Handler {
	dist := sdkjs.Dist()
	types := map[string]string{
		".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
		".cjs": "text/javascript; charset=utf-8", ".ts": "text/plain; charset=utf-8",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/sdk/")
		kind, known := types[path.Ext(name)]
		if _, err := fs.Stat(dist, name); err != nil || !known {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		http.ServeFileFS(w, r, dist, name)
	})
}
