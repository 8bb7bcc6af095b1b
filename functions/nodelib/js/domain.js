'use strict'

const EventEmitter = require('events')

class Domain extends EventEmitter {
  members = []
  run(f, ...args) {
    try { return f(...args) } catch (e) { this.emit('error', e) }
  }
  bind(f) { return (...args) => this.run(f, ...args) }
  intercept(f) { return (e, ...args) => (e ? this.emit('error', e) : this.run(f, ...args)) }
  add() {}
  remove() {}
  enter() {}
  exit() {}
  dispose() {}
}

module.exports = { Domain, create: () => new Domain(), createDomain: () => new Domain(), active: null }
