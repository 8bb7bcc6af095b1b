// result: "thenable"
exports.main = () => ({ then(ok) { ok("thenable") } })
