// Deep equality of assert and util.isDeepStrictEqual.
'use strict'

const { brand } = require('internal/inspect')

const ownKeys = v => [...Object.keys(v), ...Object.getOwnPropertySymbols(v).filter(s => Object.prototype.propertyIsEnumerable.call(v, s))]

function same(a, b, strict) {
  return strict ? Object.is(a, b) : a == b || (a !== a && b !== b)
}

function equal(a, b, strict, seen = []) {
  if (a === b) return a !== 0 || !strict || Object.is(a, b)
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') {
    if (typeof a === 'function' || typeof b === 'function') return false
    if (!strict && (a === null || typeof a !== 'object') && (b === null || typeof b !== 'object')) return same(a, b, false)
    return strict ? Object.is(a, b) : false
  }
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const kind = brand(a)
  if (kind !== brand(b) || Array.isArray(a) !== Array.isArray(b)) return false
  if (!slots(a, b, kind, strict)) return false
  for (const [x, y] of seen) if (x === a && y === b) return true
  seen.push([a, b])
  const ok = contents(a, b, kind, strict, seen)
  seen.pop()
  return ok
}

// What an object holds beside its properties.
function slots(a, b, kind, strict) {
  switch (kind) {
    case 'Date':
      return Object.is(Date.prototype.getTime.call(a), Date.prototype.getTime.call(b))
    case 'RegExp':
      return a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex
    case 'Error':
      return a.message === b.message && a.name === b.name && (!('cause' in a || 'cause' in b) || equal(a.cause, b.cause, strict)) && (!Array.isArray(a.errors) || equal(a.errors, b.errors, strict))
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'Symbol':
    case 'BigInt':
      return Object.is(a.valueOf(), b.valueOf())
    case 'ArrayBuffer':
      return a.byteLength === b.byteLength && Buffer.compare(new Uint8Array(a), new Uint8Array(b)) === 0
    case 'Promise':
    case 'WeakMap':
    case 'WeakSet':
      return false
  }
  if (ArrayBuffer.isView(a)) {
    if (!ArrayBuffer.isView(b) || a.byteLength !== b.byteLength || Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false
    if (kind !== 'DataView' && a instanceof Float64Array | a instanceof Float32Array) {
      for (let i = 0; i < a.length; i++) if (!same(a[i], b[i], strict)) return false
      return true
    }
    const bytes = v => new Uint8Array(v.buffer, v.byteOffset, v.byteLength)
    return Buffer.compare(bytes(a), bytes(b)) === 0
  }
  return true
}

function contents(a, b, kind, strict, seen) {
  if (Array.isArray(a) && a.length !== b.length) return false
  if (kind === 'Set' && !sets(a, b, strict, seen)) return false
  if (kind === 'Map' && !maps(a, b, strict, seen)) return false
  if (ArrayBuffer.isView(a)) return true
  const keys = strict ? ownKeys(a) : Object.keys(a)
  const others = strict ? ownKeys(b) : Object.keys(b)
  if (keys.length !== others.length) return false
  for (const key of keys) {
    if (!Object.prototype.propertyIsEnumerable.call(b, key)) return false
    if (!equal(a[key], b[key], strict, seen)) return false
  }
  return true
}

function sets(a, b, strict, seen) {
  if (a.size !== b.size) return false
  const left = []
  for (const v of a) if (!b.has(v)) left.push(v)
  if (left.length === 0) return true
  const rest = [...b].filter(v => !a.has(v))
  return left.every(v => {
    const at = rest.findIndex(w => equal(v, w, strict, seen))
    if (at === -1) return false
    rest.splice(at, 1)
    return true
  })
}

function maps(a, b, strict, seen) {
  if (a.size !== b.size) return false
  const left = []
  for (const [k, v] of a) {
    if (b.has(k)) {
      if (!equal(v, b.get(k), strict, seen)) return false
    } else left.push([k, v])
  }
  const rest = [...b].filter(([k]) => !a.has(k))
  return left.every(([k, v]) => {
    const at = rest.findIndex(([l, w]) => equal(k, l, strict, seen) && equal(v, w, strict, seen))
    if (at === -1) return false
    rest.splice(at, 1)
    return true
  })
}

exports.equal = equal
