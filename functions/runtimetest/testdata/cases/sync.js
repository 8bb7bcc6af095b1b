// result: {}
exports.main = event => event
