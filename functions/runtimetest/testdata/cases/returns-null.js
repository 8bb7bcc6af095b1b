// result: null
exports.main = () => null
