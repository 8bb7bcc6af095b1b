// fail: UnhandledRejection: Unhandled promise rejection: Error: lost
exports.main = () => new Promise(() => { Promise.reject(new Error("lost")) })
