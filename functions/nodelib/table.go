package nodelib

// table lists the modules: where each one's source is, and what stands behind
// it in Go.
func table() map[string]module {
	return map[string]module{
		"buffer":          {source: "js/buffer.js", bind: bindBuffer},
		"console":         {source: "js/console.js", bind: bindConsole},
		"events":          {source: "dist/events.js"},
		"path":            {source: "dist/path.js"},
		"process":         {source: "js/process.js", bind: bindProcess},
		"timers":          {source: "js/timers.js", bind: bindTimers},
		"util":            {source: "js/util.js"},
		"timers/promises": {source: "js/timers/promises.js"},

		"internal/inspect":    {source: "js/internal/inspect.js", bind: bindInspect},
		"internal/npm/buffer": {source: "dist/buffer.js"},
		"internal/prelude":    {source: "js/internal/prelude.js", bind: bindPrelude},
		"internal/table":      {source: "js/internal/table.js"},
	}
}

// unavailable lists the modules that cannot be, with the text of the error
// that require throws.
func unavailable() map[string]string {
	missing := make(map[string]string)
	for _, name := range []string{"child_process", "cluster", "dgram", "repl", "sqlite", "inspector", "wasi"} {
		missing[name] = name + " is not available in cloud functions"
	}
	return missing
}
