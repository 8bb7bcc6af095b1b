// result: {"via":"callback"}
exports.main = (event, context, callback) => { setTimeout(() => callback(null, { via: "callback" }), 1) }
