'use strict'

const npm = require('internal/npm/buffer')
const { Buffer } = npm
const { invalidArgType, outOfRange } = require('internal/errors')

const encodings = {
  __proto__: null,
  utf8: 'utf8', 'utf-8': 'utf8', hex: 'hex', base64: 'base64', base64url: 'base64url', latin1: 'latin1', binary: 'latin1', ascii: 'ascii',
  ucs2: 'utf16le', 'ucs-2': 'utf16le', utf16le: 'utf16le', 'utf-16le': 'utf16le',
}

function encodingOf(name) {
  if (name === undefined || name === null || name === '') return 'utf8'
  const known = encodings[name] ?? encodings[String(name).toLowerCase()]
  if (known !== undefined) return known
  const e = new TypeError(`Unknown encoding: ${name}`)
  e.code = 'ERR_UNKNOWN_ENCODING'
  throw e
}

function wrap(arrayBuffer) {
  return Object.setPrototypeOf(new Uint8Array(arrayBuffer), Buffer.prototype)
}

const npmFrom = Buffer.from
const npmAlloc = Buffer.alloc
const npmIndexOf = Buffer.prototype.indexOf
const npmLastIndexOf = Buffer.prototype.lastIndexOf
const npmFill = Buffer.prototype.fill

function override(target, members) {
  for (const name of Reflect.ownKeys(members)) {
    Object.defineProperty(target, name, { value: members[name], writable: true, configurable: true, enumerable: false })
  }
}

function checkSize(size) {
  if (typeof size !== 'number') throw invalidArgType('size', 'of type number', size)
  if (!(size >= 0 && size <= 2147483647)) throw outOfRange('size', '>= 0 && <= 2147483647', size)
}

// Functions, not methods: people write new Buffer.from(…).
override(Buffer, {
  from: function from(value, encoding, length) {
    if (typeof value === 'string') return wrap(host.decode(value, encodingOf(encoding)))
    if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') {
      throw invalidArgType('first argument', 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object.', value)
    }
    return npmFrom(value, encoding, length)
  },
  alloc: function alloc(size, fill, encoding) {
    checkSize(size)
    if (typeof fill === 'string') return npmAlloc(size).fill(fill, encoding)
    return npmAlloc(size, fill, encoding)
  },
  allocUnsafe: function allocUnsafe(size) {
    checkSize(size)
    return npmAlloc(size)
  },
  isEncoding: name => typeof name === 'string' && name.toLowerCase() in encodings,
  byteLength: function byteLength(value, encoding) {
    if (typeof value === 'string') return host.byteLength(value, encodings[encoding] ?? encodings[String(encoding).toLowerCase()] ?? 'utf8')
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
    throw invalidArgType('string', 'of type string or an instance of Buffer or ArrayBuffer', value)
  },
  compare: (a, b) => host.compare(a, b),
})

function search(buffer, value, from, encoding, last) {
  if (typeof from === 'string') {
    encoding = from
    from = undefined
  }
  if (typeof value === 'number' || (typeof value !== 'string' && !(value instanceof Uint8Array))) {
    return (last ? npmLastIndexOf : npmIndexOf).call(buffer, value, from, encoding)
  }
  const needle = typeof value === 'string' ? Buffer.from(value, encoding) : value
  from = Number(from)
  if (Number.isNaN(from)) from = last ? buffer.length : 0
  if (from < 0) from += buffer.length
  if (from < 0) {
    if (last) return -1
    from = 0
  }
  return host.indexOf(buffer, needle, from, last)
}

override(Buffer.prototype, {
  toString(encoding, start, end) {
    if (arguments.length === 0) return host.encode(this, 'utf8')
    return host.encode(this, encodingOf(encoding), start === undefined ? undefined : Number(start) || 0, end === undefined ? undefined : Number(end) || 0)
  },
  write(string, offset, length, encoding) {
    if (typeof offset === 'string') {
      encoding = offset
      offset = length = undefined
    } else if (typeof length === 'string') {
      encoding = length
      length = undefined
    }
    offset = offset === undefined ? 0 : Math.trunc(offset)
    if (!(offset >= 0 && offset <= this.length)) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset)
    return host.write(this, String(string), offset, length, encodingOf(encoding))
  },
  equals(other) {
    if (!(other instanceof Uint8Array)) {
      throw invalidArgType('otherBuffer', 'an instance of Buffer or Uint8Array', other)
    }
    return this === other || (this.length === other.length && host.compare(this, other) === 0)
  },
  compare(target, targetStart, targetEnd, start, end) {
    const a = start === undefined && end === undefined ? this : this.subarray(start ?? 0, end ?? this.length)
    const b = targetStart === undefined && targetEnd === undefined ? target : target.subarray(targetStart ?? 0, targetEnd ?? target.length)
    return host.compare(a, b)
  },
  indexOf(value, from, encoding) { return search(this, value, from, encoding, false) },
  lastIndexOf(value, from, encoding) { return search(this, value, from, encoding, true) },
  includes(value, from, encoding) { return this.indexOf(value, from, encoding) !== -1 },
  fill(value, start, end, encoding) {
    if (typeof start === 'string') {
      encoding = start
      start = end = undefined
    } else if (typeof end === 'string') {
      encoding = end
      end = undefined
    }
    if (typeof value === 'string' && value.length > 1) value = Buffer.from(value, encoding)
    return npmFill.call(this, value, start, end, encoding)
  },
  [Symbol.for('nodejs.util.inspect.custom')]() {
    const shown = this.subarray(0, 50).toString('hex').replace(/(..)(?=.)/g, '$1 ')
    const left = this.length - 50
    return `<Buffer${shown && ' '}${shown}${left > 0 ? ` ... ${left} more byte${left > 1 ? 's' : ''}` : ''}>`
  },
  hexSlice(start, end) { return this.toString('hex', start, end) },
  utf8Slice(start, end) { return this.toString('utf8', start, end) },
  base64Slice(start, end) { return this.toString('base64', start, end) },
  latin1Slice(start, end) { return this.toString('latin1', start, end) },
})

for (const [alias, name] of [['Uint', 'UInt']]) {
  for (const key of Object.getOwnPropertyNames(Buffer.prototype)) {
    if (!key.includes(name)) continue
    const other = key.replace(name, alias)
    if (!(other in Buffer.prototype)) override(Buffer.prototype, { [other]: Buffer.prototype[key] })
  }
}

Buffer.poolSize = 8192

// --- atob, btoa, Blob ---------------------------------------------------------

function invalidCharacter(text) {
  const { DOMException } = require('internal/dom')
  return new DOMException(text, 'InvalidCharacterError')
}

function atob(input) {
  const text = String(input).replace(/[\t\n\f\r ]/g, '')
  const bare = text.length % 4 === 0 ? text.replace(/==?$/, '') : text
  if (bare.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(bare)) throw invalidCharacter('The string to be decoded is not correctly encoded.')
  return Buffer.from(bare, 'base64').toString('latin1')
}

function btoa(input) {
  const text = String(input)
  if (/[^\x00-\xff]/.test(text)) throw invalidCharacter('Invalid character')
  return Buffer.from(text, 'latin1').toString('base64')
}

function bytesOf(part) {
  if (part instanceof Blob) return part.bytesSync()
  if (ArrayBuffer.isView(part)) return Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  if (part instanceof ArrayBuffer) return Buffer.from(part)
  return Buffer.from(String(part))
}

class Blob {
  #bytes
  constructor(parts = [], options = {}) {
    this.#bytes = Buffer.concat([...parts].map(bytesOf))
    Object.defineProperty(this, 'type', { value: String(options.type ?? '').toLowerCase(), enumerable: true })
  }
  get size() { return this.#bytes.length }
  bytesSync() { return this.#bytes }
  async arrayBuffer() { return new Uint8Array(this.#bytes).buffer }
  async bytes() { return new Uint8Array(this.#bytes) }
  async text() { return this.#bytes.toString() }
  slice(start, end, type) { return new Blob([this.#bytes.subarray(start, end)], { type }) }
  stream() {
    const bytes = this.#bytes
    return new ReadableStream({
      start(c) {
        if (bytes.length > 0) c.enqueue(new Uint8Array(bytes))
        c.close()
      },
    })
  }
  get [Symbol.toStringTag]() { return 'Blob' }
}
override(Blob.prototype, { bytesSync: Blob.prototype.bytesSync })

class File extends Blob {
  constructor(parts, name, options = {}) {
    super(parts, options)
    Object.defineProperty(this, 'name', { value: String(name), enumerable: true })
    Object.defineProperty(this, 'lastModified', { value: Number(options.lastModified ?? Date.now()), enumerable: true })
  }
  get [Symbol.toStringTag]() { return 'File' }
}

module.exports = {
  Buffer,
  SlowBuffer: npm.SlowBuffer,
  INSPECT_MAX_BYTES: 50,
  kMaxLength: 2147483647,
  kStringMaxLength: 536870888,
  constants: { MAX_LENGTH: 2147483647, MAX_STRING_LENGTH: 536870888 },
  atob,
  btoa,
  Blob,
  File,
  isUtf8: input => host.isUtf8(input),
  isAscii: input => bytesOf(input).every(b => b < 128),
  transcode: (source, from, to) => Buffer.from(Buffer.from(source).toString(from), to),
}
