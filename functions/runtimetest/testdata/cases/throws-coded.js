// fail: Threw: Error: coded
exports.main = async () => { throw Object.assign(new Error("coded"), { errCode: 40001 }) }
