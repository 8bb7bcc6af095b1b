// fail: UnhandledRejection: RangeError: up
exports.main = () => new Promise(() => setTimeout(() => { throw new RangeError("up") }, 1))
