// limit: 100ms
// fail: TimedOut: the invocation timed out
exports.main = () => new Promise(r => setTimeout(r, 60000))
