'use strict'

const { brand } = require('internal/inspect')

const tag = v => (v !== null && typeof v === 'object' ? Object.prototype.toString.call(v).slice(8, -1) : '')
const typedTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get
const isObject = v => v !== null && (typeof v === 'object' || typeof v === 'function')
const is = name => v => isObject(v) && host.brand(v) !== 'Proxy' && brand(v) === name
const sourceOf = f => (typeof f === 'function' ? Function.prototype.toString.call(f) : '')

module.exports = {
  isExternal: () => false,
  isProxy: v => isObject(v) && host.proxy(v) !== undefined,
  isDate: is('Date'),
  isRegExp: is('RegExp'),
  isNativeError: is('Error'),
  isPromise: is('Promise'),
  isMap: is('Map'),
  isSet: is('Set'),
  isWeakMap: is('WeakMap'),
  isWeakSet: is('WeakSet'),
  isMapIterator: is('Map Iterator'),
  isSetIterator: is('Set Iterator'),
  isGeneratorObject: is('Generator'),
  isArgumentsObject: is('Arguments'),
  isArrayBuffer: is('ArrayBuffer'),
  isAnyArrayBuffer: is('ArrayBuffer'),
  isSharedArrayBuffer: () => false,
  isDataView: is('DataView'),
  isArrayBufferView: ArrayBuffer.isView,
  isTypedArray: v => typedTag.call(v) !== undefined,
  isAsyncFunction: v => /^async\b/.test(sourceOf(v)) || tag(v) === 'AsyncFunction',
  isGeneratorFunction: v => typeof v === 'function' && /^(async\s+)?(function\s*)?\*|^\w*\s*\*/.test(sourceOf(v)),
  isNumberObject: is('Number'),
  isStringObject: is('String'),
  isBooleanObject: is('Boolean'),
  isSymbolObject: is('Symbol'),
  isBigIntObject: is('BigInt'),
  isBoxedPrimitive: v => isObject(v) && ['Number', 'String', 'Boolean', 'Symbol', 'BigInt'].includes(brand(v)),
  isModuleNamespaceObject: () => false,
  isKeyObject: v => isObject(v) && v instanceof require('crypto').KeyObject,
  isCryptoKey: () => false,
}
for (const name of ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array']) {
  module.exports[`is${name}`] = v => typedTag.call(v) === name
}
