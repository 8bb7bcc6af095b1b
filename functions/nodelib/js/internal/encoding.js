'use strict'

class TextEncoder {
  get encoding() { return 'utf-8' }
  encode(text = '') {
    return new Uint8Array(host.encode(String(text)))
  }
  encodeInto(text, target) {
    const written = host.encodeInto(String(text), target)
    return { read: written[0], written: written[1] }
  }
  get [Symbol.toStringTag]() { return 'TextEncoder' }
}

class TextDecoder {
  #label
  #fatal
  #ignoreBOM
  #rest = new Uint8Array(0)
  #started = false
  constructor(label = 'utf-8', options = {}) {
    const name = host.encodingOf(String(label).trim().toLowerCase())
    if (name === undefined) {
      const e = new RangeError(`The "${label}" encoding is not supported`)
      e.code = 'ERR_ENCODING_NOT_SUPPORTED'
      throw e
    }
    this.#label = name
    this.#fatal = Boolean(options?.fatal)
    this.#ignoreBOM = Boolean(options?.ignoreBOM)
  }
  get encoding() { return this.#label }
  get fatal() { return this.#fatal }
  get ignoreBOM() { return this.#ignoreBOM }
  decode(input = new Uint8Array(0), options = {}) {
    let bytes = ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input)
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + bytes.length)
      joined.set(this.#rest)
      joined.set(bytes, this.#rest.length)
      bytes = joined
    }
    const stream = Boolean(options?.stream)
    const r = host.decode(this.#label, bytes, stream)
    this.#rest = bytes.slice(bytes.length - r[1])
    if (r[2] && this.#fatal) {
      this.#rest = new Uint8Array(0)
      const e = new TypeError(`The encoded data was not valid for encoding ${this.#label}`)
      e.code = 'ERR_ENCODING_INVALID_ENCODED_DATA'
      throw e
    }
    let text = r[0]
    if (!this.#started && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1)
    this.#started = stream && (this.#started || r[0].length > 0)
    return text
  }
  get [Symbol.toStringTag]() { return 'TextDecoder' }
}

module.exports = { TextEncoder, TextDecoder }
