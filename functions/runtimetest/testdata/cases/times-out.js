// limit: 100ms
// fail: TimedOut: the invocation timed out
exports.main = async () => { for (;;); }
