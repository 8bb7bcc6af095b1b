// fail: Threw: TypeError: cb
exports.main = (event, context, callback) => { callback(new TypeError("cb")) }
