// fail: Threw: {"errCode":-1,"errMsg":"no"}
exports.main = async () => { throw { errCode: -1, errMsg: "no" } }
