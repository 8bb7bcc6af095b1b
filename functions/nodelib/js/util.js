'use strict'

const { inspect } = require('internal/inspect')
const { format, formatWithOptions } = require('internal/format')
const types = require('util/types')
const { invalidArgType } = require('internal/errors')

const kCustom = Symbol.for('nodejs.util.promisify.custom')

function promisify(original) {
  if (typeof original !== 'function') throw invalidArgType('original', 'of type function', original)
  const own = original[kCustom]
  if (own) {
    if (typeof own !== 'function') throw invalidArgType('util.promisify.custom', 'of type function', own)
    return Object.defineProperty(own, kCustom, { value: own, configurable: true })
  }
  function fn(...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (err, value) => (err ? reject(err) : resolve(value)))
    })
  }
  Object.setPrototypeOf(fn, Object.getPrototypeOf(original))
  Object.defineProperty(fn, kCustom, { value: fn, configurable: true })
  return Object.defineProperties(fn, Object.getOwnPropertyDescriptors(original))
}
promisify.custom = kCustom

function callbackify(original) {
  if (typeof original !== 'function') throw invalidArgType('original', 'of type function', original)
  function fn(...args) {
    const callback = args.pop()
    if (typeof callback !== 'function') throw invalidArgType('last argument', 'of type function', callback)
    original.apply(this, args).then(
      value => process.nextTick(callback, null, value),
      reason => {
        if (!reason) {
          const e = new Error('Promise was rejected with falsy value')
          e.code = 'ERR_FALSY_VALUE_REJECTION'
          e.reason = reason
          reason = e
        }
        process.nextTick(callback, reason)
      },
    )
  }
  Object.setPrototypeOf(fn, Object.getPrototypeOf(original))
  return fn
}

function inherits(ctor, parent) {
  if (typeof ctor !== 'function') throw invalidArgType('ctor', 'of type function', ctor)
  if (typeof parent !== 'function') throw invalidArgType('superCtor', 'of type function', parent)
  Object.defineProperty(ctor, 'super_', { value: parent, writable: true, configurable: true })
  Object.setPrototypeOf(ctor.prototype, parent.prototype)
}

function deprecate(fn, message, code) {
  let warned = false
  function deprecated(...args) {
    if (!warned) {
      warned = true
      process.emitWarning(message, 'DeprecationWarning', code)
    }
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args)
  }
  Object.setPrototypeOf(deprecated, fn)
  if (fn.prototype) deprecated.prototype = fn.prototype
  return deprecated
}

function debuglog(section, callback) {
  const wanted = String(process.env.NODE_DEBUG ?? '').toUpperCase().split(',').includes(String(section).toUpperCase())
  const log = (...args) => {
    if (wanted) console.error(`${String(section).toUpperCase()} 1: ${format(...args)}`)
  }
  log.enabled = wanted
  if (callback) callback(log)
  return log
}

const ansi = /[\u001B\u009B][[\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?\u0007)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-ntqry=><~]))/g

const isPrimitive = v => v === null || (typeof v !== 'object' && typeof v !== 'function')

module.exports = {
  inspect, format, formatWithOptions, promisify, callbackify, inherits, deprecate, debuglog, types,
  debug: debuglog,
  isDeepStrictEqual: (a, b) => require('internal/equal').equal(a, b, true),
  stripVTControlCharacters: text => String(text).replace(ansi, ''),
  styleText: (style, text) => String(text),
  toUSVString: text => String(text).toWellFormed(),
  getSystemErrorName: n => require('internal/errors').systemErrors[-n],
  log: (...args) => console.log(format(...args)),
  _extend: (target, source) => (source === null || typeof source !== 'object' ? target : Object.assign(target, source)),
  aborted: signal => new Promise(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }))),

  isArray: Array.isArray,
  isBoolean: v => typeof v === 'boolean',
  isNull: v => v === null,
  isNullOrUndefined: v => v === null || v === undefined,
  isNumber: v => typeof v === 'number',
  isString: v => typeof v === 'string',
  isSymbol: v => typeof v === 'symbol',
  isUndefined: v => v === undefined,
  isRegExp: types.isRegExp,
  isObject: v => v !== null && typeof v === 'object',
  isDate: types.isDate,
  isError: v => types.isNativeError(v) || v instanceof Error,
  isFunction: v => typeof v === 'function',
  isPrimitive,
  isBuffer: v => Buffer.isBuffer(v),

  get TextEncoder() { return TextEncoder },
  get TextDecoder() { return TextDecoder },
}
