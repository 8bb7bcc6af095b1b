'use strict'

const web = require('internal/npm/webstreams')

class TextEncoderStream {
  constructor() {
    const encoder = new TextEncoder()
    const { readable, writable } = new web.TransformStream({ transform: (chunk, c) => c.enqueue(encoder.encode(String(chunk))) })
    Object.assign(this, { encoding: 'utf-8', readable, writable })
  }
}

class TextDecoderStream {
  constructor(label, options) {
    const decoder = new TextDecoder(label, options)
    const { readable, writable } = new web.TransformStream({
      transform(chunk, c) {
        const text = decoder.decode(chunk, { stream: true })
        if (text !== '') c.enqueue(text)
      },
      flush(c) {
        const text = decoder.decode()
        if (text !== '') c.enqueue(text)
      },
    })
    Object.assign(this, { encoding: decoder.encoding, readable, writable })
  }
}

module.exports = { ...web, TextEncoderStream, TextDecoderStream }
