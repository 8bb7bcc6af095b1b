'use strict'

const { notAvailable } = require('internal/errors')

const names = ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveCname', 'resolveMx', 'resolveNs', 'resolveSrv', 'resolveTxt', 'reverse', 'lookupService']

exports.promises = {}
for (const name of names) {
  exports[name] = (...args) => setImmediate(args.pop(), notAvailable(`dns.${name}`))
  exports.promises[name] = async () => { throw notAvailable(`dns.${name}`) }
}
class Resolver {}
Object.assign(Resolver.prototype, exports)
Object.assign(exports, { Resolver, getServers: () => [], setServers() {}, setDefaultResultOrder() {}, getDefaultResultOrder: () => 'verbatim', ADDRCONFIG: 32, V4MAPPED: 8, ALL: 16, NODATA: 'ENODATA', NOTFOUND: 'ENOTFOUND' })
