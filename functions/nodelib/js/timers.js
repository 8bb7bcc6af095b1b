'use strict'

class Timeout {
  #run
  #ms
  #repeat
  #id
  #ref = true
  constructor(callback, ms, args, repeat) {
    this.#run = () => callback.apply(this, args)
    this.#ms = delay(ms)
    this.#repeat = repeat
    this.#id = host.set(this.#ms, repeat, this.#run)
  }
  ref() { host.setRef(this.#id, this.#ref = true); return this }
  unref() { host.setRef(this.#id, this.#ref = false); return this }
  hasRef() { return this.#ref }
  refresh() {
    host.stop(this.#id)
    this.#id = host.set(this.#ms, this.#repeat, this.#run)
    if (!this.#ref) host.setRef(this.#id, false)
    return this
  }
  close() { host.stop(this.#id); return this }
  [Symbol.toPrimitive]() { return this.#id }
  [Symbol.dispose]() { host.stop(this.#id) }
}

class Immediate {
  #id
  #ref = true
  constructor(callback, args) { this.#id = host.immediate(() => callback.apply(this, args)) }
  ref() { host.setRef(this.#id, this.#ref = true); return this }
  unref() { host.setRef(this.#id, this.#ref = false); return this }
  hasRef() { return this.#ref }
  close() { host.stop(this.#id) }
  [Symbol.dispose]() { host.stop(this.#id) }
}

function check(callback) {
  if (typeof callback === 'function') return
  const e = new TypeError(`The "callback" argument must be of type function. Received ${callback === null ? 'null' : typeof callback}`)
  e.code = 'ERR_INVALID_ARG_TYPE'
  throw e
}

// Node's rule: what is no number from 1 to 2^31-1 is 1.
function delay(ms) {
  ms = Number(ms)
  return ms >= 1 && ms <= 2147483647 ? Math.trunc(ms) : 1
}

function setTimeout(callback, ms, ...args) {
  check(callback)
  return new Timeout(callback, ms, args, false)
}

function setInterval(callback, ms, ...args) {
  check(callback)
  return new Timeout(callback, ms, args, true)
}

function setImmediate(callback, ...args) {
  check(callback)
  return new Immediate(callback, args)
}

// Takes what the three above return, or the number it converts to.
function clear(t) {
  if (t instanceof Timeout || t instanceof Immediate) t.close()
  else if (typeof t === 'number' || typeof t === 'string') host.stop(Number(t))
}

function clearTimeout(t) { clear(t) }
function clearInterval(t) { clear(t) }
function clearImmediate(t) { clear(t) }

const promises = Symbol.for('nodejs.util.promisify.custom')
for (const [f, name] of [[setTimeout, 'setTimeout'], [setImmediate, 'setImmediate']]) {
  Object.defineProperty(f, promises, { configurable: true, get: () => require('timers/promises')[name] })
}

module.exports = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate }
Object.defineProperty(module.exports, 'promises', { enumerable: true, get: () => require('timers/promises') })
