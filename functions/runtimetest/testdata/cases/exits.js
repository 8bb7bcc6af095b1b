// fail: Exited: process.exit(2) was called
exports.main = async () => { process.exit(2) }
