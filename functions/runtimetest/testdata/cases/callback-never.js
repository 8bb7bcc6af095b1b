// result: undefined
exports.main = (event, context, callback) => {}
