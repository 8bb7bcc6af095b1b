// fail: UnhandledRejection: RangeError: Maximum call stack size exceeded
exports.main = async () => { const f = () => f(); f() }
