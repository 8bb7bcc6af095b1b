// A package that is not there shows when it is required, as in Node.
// result: ["MODULE_NOT_FOUND","child_process.exec is not available in cloud functions"]
exports.main = async () => {
  const out = []
  const name = 'no-such-package'
  try { require(name) } catch (e) { out.push(e.code) }
  try { require('child_process').exec('id') } catch (e) { out.push(e.message) }
  return out
}
