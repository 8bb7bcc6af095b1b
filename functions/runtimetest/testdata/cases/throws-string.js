// fail: Threw: text
exports.main = async () => { throw "text" }
