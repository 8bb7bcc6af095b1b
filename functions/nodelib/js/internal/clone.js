// structuredClone.
'use strict'

const { brand } = require('internal/inspect')

function refuse(v) {
  const text = typeof v === 'symbol' ? String(v) : typeof v === 'function' ? String(v).split('\n')[0] : `#<${v?.constructor?.name ?? 'Object'}>`
  return new DOMException(`${text} could not be cloned.`, 'DataCloneError')
}

const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

function clone(v, seen) {
  if (typeof v === 'symbol' || typeof v === 'function') throw refuse(v)
  if (v === null || typeof v !== 'object') return v
  if (seen.has(v)) return seen.get(v)
  const keep = copy => {
    seen.set(v, copy)
    return copy
  }
  if (ArrayBuffer.isView(v)) {
    const buffer = clone(v.buffer, seen)
    const Kind = brand(v) === 'DataView' ? DataView : globalThis[Object.prototype.toString.call(v).slice(8, -1)]
    return keep(new Kind(buffer, v.byteOffset, Kind === DataView ? v.byteLength : v.length))
  }
  switch (brand(v)) {
    case 'Date':
      return keep(new Date(v.getTime()))
    case 'RegExp':
      return keep(new RegExp(v.source, v.flags))
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'BigInt':
      return keep(Object(v.valueOf()))
    case 'ArrayBuffer':
      return keep(v.slice(0))
    case 'Map': {
      const copy = keep(new Map())
      for (const [k, x] of [...v]) copy.set(clone(k, seen), clone(x, seen))
      return copy
    }
    case 'Set': {
      const copy = keep(new Set())
      for (const x of [...v]) copy.add(clone(x, seen))
      return copy
    }
    case 'Error': {
      const copy = keep(new (errors[v.name] ?? Error)(v.message))
      Object.defineProperty(copy, 'stack', { value: v.stack, writable: true, configurable: true })
      if ('cause' in v) copy.cause = clone(v.cause, seen)
      return copy
    }
    case 'Symbol':
    case 'Promise':
    case 'WeakMap':
    case 'WeakSet':
    case 'Proxy':
      throw refuse(v)
  }
  const copy = keep(Array.isArray(v) ? new Array(v.length) : {})
  for (const key of Object.keys(v)) {
    Object.defineProperty(copy, key, { value: clone(v[key], seen), writable: true, configurable: true, enumerable: true })
  }
  return copy
}

exports.structuredClone = function structuredClone(value, options) {
  if (arguments.length === 0) throw new TypeError('The "value" argument must be specified')
  return clone(value, new Map())
}
