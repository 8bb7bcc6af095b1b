'use strict'

function Module(id = '') {
  this.id = id
  this.exports = {}
  this.loaded = false
  this.children = []
}

const builtinModules = Array.from(host.builtins())
const isBuiltin = name => builtinModules.includes(String(name).replace(/^node:/, ''))

function load(name) {
  if (isBuiltin(name)) return require(String(name))
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
}

const createRequire = () => Object.assign(name => load(name), { resolve: name => name, cache: {} })

Object.assign(Module, {
  Module,
  createRequire,
  builtinModules,
  isBuiltin,
  _resolveFilename: name => name,
  _extensions: { '.js'() {}, '.json'() {}, '.node'() {} },
  _cache: {},
  _load: load,
  wrap: code => `(function (exports, require, module, __filename, __dirname) { ${code}\n});`,
  syncBuiltinESMExports() {},
  findSourceMap() {},
})
Module.prototype.require = load

module.exports = Module
