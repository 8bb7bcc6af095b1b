// The runtime's own modules and its way to the host are out of reach.
// result: ["MODULE_NOT_FOUND","MODULE_NOT_FOUND","MODULE_NOT_FOUND","Error","undefined","undefined",[]]
exports.main = async () => {
  const code = f => { try { f(); return 'reached' } catch (e) { return e.code ?? e.name } }
  const load = name => require(name)
  const create = require('module').createRequire('/var/user/index.js')
  return [
    code(() => load('internal/prelude')),
    code(() => load('node:internal/npm/buffer')),
    code(() => create('internal/inspect')),
    code(() => process.binding('fs')),
    typeof globalThis.host,
    typeof Function('return typeof host === "undefined" ? undefined : host')(),
    require('module').builtinModules.filter(n => n.startsWith('internal')),
  ]
}
