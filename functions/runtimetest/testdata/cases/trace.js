// Positions are those of the bundle; the server makes the user's own of them.
// result: ["Trace: here","at where (/var/user/index.js","at fail (/var/user/index.js"]
exports.main = async () => {
  const lines = []
  const { stack } = (() => { try { fail() } catch (e) { return e } })()
  function where() { return new Error('here').stack }
  lines.push(where().replace('Error', 'Trace').split('\n')[0], where().match(/at where \(\/var\/user\/index.js/)?.[0], stack.match(/at fail \(\/var\/user\/index.js/)?.[0])
  return lines
}
function fail() { throw new Error('x') }
