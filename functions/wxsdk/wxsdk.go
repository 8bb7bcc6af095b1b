// Package wxsdk carries the modules that speak to the server from inside a
// function worker: `wx-server-sdk`, and `@cloudbase/node-sdk` with its
// predecessor `tcb-admin-node` in the shape that shares its code.
//
// The worker's module loader serves them instead of anything of that name in
// a function's own files: the packages of that name on npm need credentials
// and a network, these need only the worker's bridge `baas:host`.
//
// Danger: dist is built from sdk-js (cd sdk-js && npm ci && npm run build);
// the test of package sdk-js fails when it is stale.
package wxsdk

import _ "embed"

//go:embed dist/wx-server-sdk.js
var serverSDK []byte

// nodeForm takes the second shape out of the first module, so that a worker
// compiles the bundle once.
const nodeForm = `module.exports = require('wx-server-sdk')[Symbol.for('baas.node-sdk')];` + "\n"

// Names lists the modules that Source knows, in the spelling of require.
func Names() []string {
	return []string{"wx-server-sdk", "@cloudbase/node-sdk", "tcb-admin-node"}
}

// Source returns the CommonJS source of a module of Names, nil for any other
// name. It requires only `baas:host` and modules of Names. The bytes are
// shared: callers must not write to them. Safe for concurrent use.
func Source(name string) []byte {
	switch name {
	case "wx-server-sdk":
		return serverSDK
	case "@cloudbase/node-sdk", "tcb-admin-node":
		return []byte(nodeForm)
	default:
		return nil
	}
}
