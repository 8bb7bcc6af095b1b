// Makes the globals: what the engine lacks of the language, and what Node adds
// to it. Heavy things are loaded when somebody first looks at them.
'use strict'

const global = globalThis
const NativePromise = Promise
const resolved = NativePromise.resolve()
const then = Function.prototype.call.bind(NativePromise.prototype.then)

function define(target, name, value) {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
}

function fill(target, members) {
  for (const name of Object.keys(members)) if (!(name in target)) define(target, name, members[name])
}

function lazy(name, load) {
  Object.defineProperty(global, name, {
    configurable: true,
    enumerable: false,
    get() {
      const value = load()
      define(global, name, value)
      return value
    },
    set(value) { define(global, name, value) },
  })
}

define(global, 'global', global)

// --- the language -----------------------------------------------------------

for (const name of ['asyncIterator', 'dispose', 'asyncDispose']) {
  if (!Symbol[name]) Object.defineProperty(Symbol, name, { value: Symbol('Symbol.' + name) })
}

define(Error, 'stackTraceLimit', 10)
fill(Error, {
  captureStackTrace(target) {
    const at = String(new Error().stack)
    const cut = at.indexOf('\n')
    const frames = at.slice(cut + 1).split('\n').slice(1).join('\n') // without this function's own
    let head = 'Error'
    try { head = Error.prototype.toString.call(target) } catch { /* a hostile target */ }
    Object.defineProperty(target, 'stack', { value: head + '\n' + frames, writable: true, configurable: true })
  },
})

function groupInto(items, key, add) {
  let i = 0
  for (const item of items) add(key(item, i++), item)
}

fill(Object, {
  groupBy(items, key) {
    const groups = Object.create(null)
    groupInto(items, key, (k, item) => { (groups[k] ||= []).push(item) })
    return groups
  },
})
fill(Map, {
  groupBy(items, key) {
    const groups = new Map()
    groupInto(items, key, (k, item) => {
      const group = groups.get(k)
      if (group) group.push(item)
      else groups.set(k, [item])
    })
    return groups
  },
})
fill(NativePromise, {
  withResolvers() {
    let resolve, reject
    const promise = new this((yes, no) => { resolve = yes; reject = no })
    return { promise, resolve, reject }
  },
  try(f, ...args) {
    return new this(resolve => resolve(f(...args)))
  },
})
fill(Array, {
  async fromAsync(items, map, self) {
    const out = []
    const from = items[Symbol.asyncIterator]
    const iterator = from ? from.call(items) : items[Symbol.iterator]?.()
    const add = async value => out.push(map ? await map.call(self, await value, out.length) : await value)
    if (!iterator) {
      for (let i = 0; i < items.length; i++) await add(items[i])
      return out
    }
    for (;;) {
      const step = await iterator.next()
      if (step.done) return out
      await add(step.value)
    }
  },
})

// A string iterates by code points: what is left of a surrogate is a lone one.
const isLone = char => char >= '\ud800' && char <= '\udfff' && char.length === 1
fill(String.prototype, {
  isWellFormed() {
    for (const char of String(this)) if (isLone(char)) return false
    return true
  },
  toWellFormed() {
    const text = String(this)
    return text.isWellFormed() ? text : Array.from(text, char => (isLone(char) ? '\ufffd' : char)).join('')
  },
})

function accessor(object, name, part) {
  for (let o = object; o != null; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, name)
    if (d) return d[part]
  }
}
fill(Object.prototype, {
  __defineGetter__(name, get) { Object.defineProperty(this, name, { get, configurable: true, enumerable: true }) },
  __defineSetter__(name, set) { Object.defineProperty(this, name, { set, configurable: true, enumerable: true }) },
  __lookupGetter__(name) { return accessor(this, name, 'get') },
  __lookupSetter__(name) { return accessor(this, name, 'set') },
})

// Property escapes are ranges here. The bundler makes constructor calls of
// literals that have some, and the same literal comes again and again: what it
// was compiled to is kept.
const NativeRegExp = RegExp
const compiled = new Map()

function withProperties(pattern, flags) {
  const key = `${flags}/${pattern}`
  let re = compiled.get(key)
  if (re === undefined) {
    const expanded = host.properties(pattern)
    if (expanded === undefined) throw new SyntaxError(`Invalid regular expression: /${pattern}/${flags}: Invalid property name`)
    re = new NativeRegExp(expanded, flags)
    if (compiled.size < 500) compiled.set(key, re)
  }
  return re
}

function PropertyRegExp(pattern, flags) {
  if (typeof pattern === 'string' && typeof flags === 'string' && flags.includes('u') && /\\[pP]\{/.test(pattern)) {
    return Reflect.construct(NativeRegExp, [withProperties(pattern, flags)], new.target ?? NativeRegExp)
  }
  return new.target || pattern === null || typeof pattern !== 'object' ? Reflect.construct(NativeRegExp, [pattern, flags], new.target ?? NativeRegExp) : NativeRegExp(pattern, flags)
}
Object.setPrototypeOf(PropertyRegExp, Object.getPrototypeOf(NativeRegExp))
for (const key of Reflect.ownKeys(NativeRegExp)) {
  if (key !== 'length') Object.defineProperty(PropertyRegExp, key, Object.getOwnPropertyDescriptor(NativeRegExp, key))
}
define(NativeRegExp.prototype, 'constructor', PropertyRegExp)
define(global, 'RegExp', PropertyRegExp)

// goja's %TypedArray%.from refuses text.
const TypedArray = Object.getPrototypeOf(Uint8Array)
const typedFrom = TypedArray.from
define(TypedArray, 'from', function from(source, ...rest) {
  return typedFrom.call(this, typeof source === 'string' ? [...source] : source, ...rest)
})

// Strong references are legal: nothing promises that a target is ever let go.
fill(global, {
  WeakRef: class WeakRef {
    #target
    constructor(target) { this.#target = target }
    deref() { return this.#target }
    get [Symbol.toStringTag]() { return 'WeakRef' }
  },
  FinalizationRegistry: class FinalizationRegistry {
    register() {}
    unregister() { return false }
    get [Symbol.toStringTag]() { return 'FinalizationRegistry' }
  },
})

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
fill(iteratorPrototype, {
  * map(f) { let i = 0; for (const v of this) yield f(v, i++) },
  * filter(f) { let i = 0; for (const v of this) if (f(v, i++)) yield v },
  * take(n) { if (n > 0) for (const v of this) { yield v; if (--n <= 0) return } },
  * drop(n) { for (const v of this) if (n-- <= 0) yield v },
  * flatMap(f) { let i = 0; for (const v of this) yield* f(v, i++) },
  reduce(f, ...init) {
    let i = 0, acc = init[0], started = init.length > 0
    for (const v of this) {
      acc = started ? f(acc, v, i) : v
      started = true
      i++
    }
    if (!started) throw new TypeError('Reduce of empty iterator with no initial value')
    return acc
  },
  toArray() { return [...this] },
  forEach(f) { let i = 0; for (const v of this) f(v, i++) },
  some(f) { let i = 0; for (const v of this) if (f(v, i++)) return true; return false },
  every(f) { let i = 0; for (const v of this) if (!f(v, i++)) return false; return true },
  find(f) { let i = 0; for (const v of this) if (f(v, i++)) return v },
})

// --- the platform -----------------------------------------------------------

// A throw in a microtask is an uncaught exception, not a rejection.
function microtask(f, args) {
  then(resolved, () => {
    try { f(...args) } catch (e) { host.uncaught(e) }
  })
}

define(global, 'queueMicrotask', function queueMicrotask(callback) {
  if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function')
  microtask(callback, [])
})
exports.nextTick = function nextTick(callback, ...args) {
  if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function')
  microtask(callback, args)
}

const timers = require('timers')
for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate']) {
  define(global, name, timers[name])
}

const started = host.now()
define(global, 'performance', {
  timeOrigin: started,
  now: () => host.now() - started,
  mark() {},
  measure() {},
  clearMarks() {},
  clearMeasures() {},
  getEntries: () => [],
  getEntriesByName: () => [],
  getEntriesByType: () => [],
  toJSON() { return { timeOrigin: started } },
  get [Symbol.toStringTag]() { return 'Performance' },
})

const intl = () => require('internal/intl')
define(Date.prototype, 'toLocaleString', function toLocaleString(locales, options) { return intl().dateText(this, locales, options, 'any', 'all') })
define(Date.prototype, 'toLocaleDateString', function toLocaleDateString(locales, options) { return intl().dateText(this, locales, options, 'date', 'date') })
define(Date.prototype, 'toLocaleTimeString', function toLocaleTimeString(locales, options) { return intl().dateText(this, locales, options, 'time', 'time') })
for (const Class of [Number, BigInt]) {
  const { valueOf } = Class.prototype
  define(Class.prototype, 'toLocaleString', function toLocaleString(locales, options) { return intl().numberText(valueOf.call(this), locales, options) })
}
define(String.prototype, 'localeCompare', function localeCompare(other, locales, options) { return intl().compare(String(this), String(other), locales, options) })

lazy('console', () => require('console'))
lazy('process', () => require('process'))
lazy('Buffer', () => require('buffer').Buffer)
lazy('Intl', () => require('internal/intl').Intl)
for (const name of ['atob', 'btoa', 'Blob', 'File']) lazy(name, () => require('buffer')[name])
for (const name of ['URL', 'URLSearchParams']) lazy(name, () => require('internal/whatwg_url')[name])
for (const name of ['TextEncoder', 'TextDecoder']) lazy(name, () => require('internal/encoding')[name])
for (const name of ['Event', 'EventTarget', 'CustomEvent', 'AbortController', 'AbortSignal', 'DOMException', 'MessageChannel', 'MessagePort', 'MessageEvent']) {
  lazy(name, () => require('internal/dom')[name])
}
for (const name of ['fetch', 'Headers', 'Request', 'Response', 'FormData']) lazy(name, () => require('internal/fetch')[name])
for (const name of ['ReadableStream', 'WritableStream', 'TransformStream', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy']) {
  lazy(name, () => require('stream/web')[name])
}
lazy('crypto', () => require('crypto').webcrypto)
lazy('structuredClone', () => require('internal/clone').structuredClone)
