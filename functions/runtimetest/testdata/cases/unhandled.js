// fail: UnhandledRejection: (in promise) Error: lost
exports.main = () => new Promise(() => { Promise.reject(new Error("lost")) })
