'use strict'

// Code runs in the one context there is.
const { notAvailable } = require('internal/errors')
const run = globalThis.eval

class Script {
  #code
  constructor(code) {
    Function(code) // syntax errors show now
    this.#code = String(code)
  }
  runInThisContext() { return run(this.#code) }
  runInContext() { throw notAvailable('vm.Script.runInContext') }
  runInNewContext() { throw notAvailable('vm.Script.runInNewContext') }
}

module.exports = {
  Script,
  runInThisContext: code => run(String(code)),
  isContext: () => false,
  compileFunction: (code, params = []) => new Function(...params, code),
  createContext() { throw notAvailable('vm.createContext') },
  runInContext() { throw notAvailable('vm.runInContext') },
  runInNewContext() { throw notAvailable('vm.runInNewContext') },
  constants: {},
}
