// Old code outside strict mode.
// result: [1,"global","undefined"]
exports.main = async function () {
  if (true) { function hoisted() { return 1 } }
  const self = (function () { return this === globalThis ? 'global' : 'other' })()
  implicit = typeof implicit
  return [hoisted(), self, implicit]
}
