'use strict'

const { Transform } = require('stream')
const { invalidArgType, notAvailable } = require('internal/errors')

const constants = {
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5,
  Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6,
  Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1, Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4, Z_DEFAULT_STRATEGY: 0,
  ZLIB_VERNUM: 4880, DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7, BROTLI_DECODE: 8, BROTLI_ENCODE: 9,
  Z_MIN_WINDOWBITS: 8, Z_MAX_WINDOWBITS: 15, Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64, Z_MAX_CHUNK: Infinity, Z_DEFAULT_CHUNK: 16384,
  Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1, Z_MAX_LEVEL: 9, Z_DEFAULT_LEVEL: -1,
  BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2, BROTLI_PARAM_MODE: 0, BROTLI_PARAM_QUALITY: 1, BROTLI_PARAM_SIZE_HINT: 5, BROTLI_DEFAULT_QUALITY: 11,
}

const operations = { Gzip: 'gzip', Gunzip: 'gunzip', Deflate: 'deflate', Inflate: 'inflate', DeflateRaw: 'deflateRaw', InflateRaw: 'inflateRaw', Unzip: 'unzip' }
const packs = name => name === 'gzip' || name === 'deflate' || name === 'deflateRaw'

function bytes(data) {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data
  throw invalidArgType('buffer', 'of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer', data)
}

const number = (operation, options) => (packs(operation) ? options?.level : options?.maxOutputLength) ?? null

const exports_ = { constants, codes: Object.freeze({ Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6 }) }

// The data is worked off when its end is known.
class Zlib extends Transform {
  #operation
  #options
  #parts = []
  constructor(operation, options) {
    super({ ...options, objectMode: false })
    this.#operation = operation
    this.#options = options
    this.bytesWritten = 0
  }
  _transform(chunk, encoding, done) {
    this.bytesWritten += chunk.length
    this.#parts.push(chunk)
    done()
  }
  _flush(done) {
    const data = Buffer.concat(this.#parts.splice(0))
    if (data.length === 0 && !packs(this.#operation)) return done()
    host.run(true, this.#operation, data, number(this.#operation, this.#options)).then(
      b => {
        this.push(Buffer.from(b))
        done()
      },
      done,
    )
  }
  flush(kind, done) { (done ?? kind)?.() }
  params(level, strategy, done) { done?.() }
  reset() { this.#parts = [] }
  close(done) {
    if (done) process.nextTick(done)
    this.destroy()
  }
}

for (const [name, operation] of Object.entries(operations)) {
  const Class = { [name]: class extends Zlib { constructor(options) { super(operation, options) } } }[name]
  // Old code calls the classes without new.
  function make(options) { return Reflect.construct(Class, [options], new.target ?? Class) }
  make.prototype = Class.prototype
  exports_[name] = Object.defineProperty(make, 'name', { value: name })
  exports_[`create${name}`] = options => new Class(options)
  const short = name[0].toLowerCase() + name.slice(1)
  exports_[`${short}Sync`] = (data, options) => Buffer.from(host.run(false, operation, bytes(data), number(operation, options)))
  exports_[short] = (data, options, callback) => {
    if (typeof options === 'function') [options, callback] = [undefined, options]
    if (typeof callback !== 'function') throw invalidArgType('callback', 'of type function', callback)
    host.run(true, operation, bytes(data), number(operation, options)).then(b => process.nextTick(callback, null, Buffer.from(b)), e => process.nextTick(callback, e))
  }
}

for (const name of ['brotliCompress', 'brotliDecompress', 'brotliCompressSync', 'brotliDecompressSync', 'createBrotliCompress', 'createBrotliDecompress']) {
  exports_[name] = () => { throw notAvailable(`zlib.${name}`) }
}
exports_.BrotliCompress = exports_.createBrotliCompress
exports_.BrotliDecompress = exports_.createBrotliDecompress
exports_.crc32 = (data, value = 0) => host.crc32(bytes(data), value)

module.exports = Object.assign(exports_, constants)
