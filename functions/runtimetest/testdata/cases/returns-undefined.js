// result: undefined
exports.main = async () => {}
