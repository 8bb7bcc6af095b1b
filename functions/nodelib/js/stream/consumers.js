'use strict'

async function buffer(source) {
  const parts = []
  const iterator = (source[Symbol.asyncIterator] ?? source[Symbol.iterator]).call(source)
  for (;;) {
    const { value, done } = await iterator.next()
    if (done) return Buffer.concat(parts)
    parts.push(typeof value === 'string' ? Buffer.from(value) : Buffer.from(value))
  }
}

const text = async source => (await buffer(source)).toString()

module.exports = {
  buffer,
  text,
  json: async source => JSON.parse(await text(source)),
  arrayBuffer: async source => new Uint8Array(await buffer(source)).buffer,
  blob: async source => new Blob([await buffer(source)]),
}
