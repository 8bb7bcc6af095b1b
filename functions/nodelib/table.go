package nodelib

// table lists the modules: where each one's source is, and what stands behind
// it in Go. What is below "internal/" is for the other modules only.
func table() map[string]module {
	return map[string]module{
		"assert":              {source: "js/assert.js"},
		"assert/strict":       {source: "js/assert/strict.js"},
		"async_hooks":         {source: "js/async_hooks.js", bind: bindAsyncHooks},
		"buffer":              {source: "js/buffer.js", bind: bindBuffer},
		"console":             {source: "js/console.js", bind: bindConsole},
		"constants":           {source: "js/constants.js"},
		"crypto":              {source: "js/crypto.js", bind: bindCrypto},
		"diagnostics_channel": {source: "js/diagnostics_channel.js"},
		"dns":                 {source: "js/dns.js"},
		"dns/promises":        {source: "js/dns/promises.js"},
		"domain":              {source: "js/domain.js"},
		"events":              {source: "js/events.js"},
		"fs":                  {source: "js/fs.js", bind: bindFS},
		"fs/promises":         {source: "js/fs/promises.js"},
		"http":                {source: "js/http.js", bind: bindHTTP},
		"http2":               {source: "js/http2.js"},
		"https":               {source: "js/https.js"},
		"module":              {source: "js/module.js", bind: bindModule},
		"net":                 {source: "js/net.js"},
		"os":                  {source: "js/os.js"},
		"path":                {source: "js/path.js"},
		"path/posix":          {source: "js/path/posix.js"},
		"perf_hooks":          {source: "js/perf_hooks.js"},
		"process":             {source: "js/process.js", bind: bindProcess},
		"punycode":            {source: "dist/punycode.js"},
		"querystring":         {source: "js/querystring.js"},
		"readline":            {source: "js/readline.js"},
		"readline/promises":   {source: "js/readline/promises.js"},
		"stream":              {source: "js/stream.js"},
		"stream/consumers":    {source: "js/stream/consumers.js"},
		"stream/promises":     {source: "js/stream/promises.js"},
		"stream/web":          {source: "js/stream/web.js"},
		"string_decoder":      {source: "dist/string_decoder.js"},
		"timers":              {source: "js/timers.js", bind: bindTimers},
		"timers/promises":     {source: "js/timers/promises.js"},
		"tls":                 {source: "js/tls.js"},
		"tty":                 {source: "js/tty.js"},
		"url":                 {source: "js/url.js"},
		"util":                {source: "js/util.js"},
		"util/types":          {source: "js/util/types.js", bind: bindInspect},
		"v8":                  {source: "js/v8.js"},
		"vm":                  {source: "js/vm.js"},
		"worker_threads":      {source: "js/worker_threads.js"},
		"zlib":                {source: "js/zlib.js", bind: bindZlib},

		"internal/clone":          {source: "js/internal/clone.js"},
		"internal/dom":            {source: "js/internal/dom.js"},
		"internal/encoding":       {source: "js/internal/encoding.js", bind: bindEncoding},
		"internal/equal":          {source: "js/internal/equal.js"},
		"internal/errors":         {source: "js/internal/errors.js"},
		"internal/fetch":          {source: "js/internal/fetch.js", bind: bindHTTP},
		"internal/fsstreams":      {source: "js/internal/fsstreams.js"},
		"internal/inspect":        {source: "js/internal/inspect.js", bind: bindInspect},
		"internal/intl":           {source: "js/internal/intl.js", bind: bindIntl},
		"internal/intl_dates":     {source: "js/internal/intl_dates.js"},
		"internal/intl_numbers":   {source: "js/internal/intl_numbers.js"},
		"internal/format":         {source: "js/internal/format.js"},
		"internal/layout":         {source: "js/internal/layout.js"},
		"internal/lazystream":     {source: "js/internal/lazystream.js"},
		"internal/npm/buffer":     {source: "dist/buffer.js"},
		"internal/npm/events":     {source: "dist/events.js"},
		"internal/npm/path":       {source: "dist/path.js"},
		"internal/npm/stream":     {source: "dist/stream.js"},
		"internal/npm/url":        {source: "dist/url.js"},
		"internal/npm/webstreams": {source: "dist/webstreams.js"},
		"internal/prelude":        {source: "js/internal/prelude.js", bind: bindPrelude},
		"internal/table":          {source: "js/internal/table.js"},
		"internal/urlhost":        {source: "js/internal/urlhost.js", bind: bindURL},
		"internal/urlparser":      {source: "js/internal/urlparser.js"},
		"internal/whatwg_url":     {source: "js/internal/whatwg_url.js", bind: bindURL},
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
