'use strict'
const { Readable, Writable, Transform, Duplex, PassThrough, pipeline, finished, addAbortSignal } = require('stream')
const promises = require('stream/promises')
const consumers = require('stream/consumers')
const collect = async s => { const out = []; for await (const x of s) out.push(String(x)); return out }
module.exports = {
  'from and for await': () => collect(Readable.from(['a', 'b', 'c'])),
  'from an async generator': () => collect(Readable.from((async function* () { yield 'x'; await null; yield 'y' })())),
  'push and end': () => new Promise(r => { const got = []; const s = new Readable({ read() {} }); s.on('data', d => got.push(d.toString())); s.on('end', () => r(got)); s.push('1'); s.push('2'); s.push(null) }),
  setEncoding: () => new Promise(r => { const s = new Readable({ read() {} }); s.setEncoding('utf8'); const got = []; s.on('data', d => got.push(d)); s.on('end', () => r(got.join('|'))); s.push(Buffer.from([0xe4, 0xbd])); s.push(Buffer.from([0xa0])); s.push(null) }),
  'object mode': async () => { const out = []; for await (const x of Readable.from([{ a: 1 }, { a: 2 }])) out.push(x.a); return out },
  writable: () => new Promise(r => { const got = []; const w = new Writable({ write(c, e, cb) { got.push(c.toString()); setImmediate(cb) } }); w.on('finish', () => r(got)); w.write('a'); w.write('b'); w.end('c') }),
  'back pressure': () => { const w = new Writable({ highWaterMark: 3, write() {} }); return [w.write('ab'), w.write('cd'), w.writableLength, w.writableNeedDrain] },
  transform: () => promises.pipeline(Readable.from(['a', 'b']), new Transform({ transform(c, e, cb) { cb(null, String(c).toUpperCase()) }, flush(cb) { this.push('!'); cb() } }), consumers.text),
  pipe: () => new Promise(r => { const p = new PassThrough(); const got = []; p.on('data', d => got.push(String(d))); p.on('end', () => r(got)); Readable.from(['x', 'y']).pipe(p) }),
  'pipeline with callback': () => new Promise(r => pipeline(Readable.from(['a']), new PassThrough(), new Writable({ write(c, e, cb) { cb() } }), e => r(e === undefined || e === null))),
  'pipeline fails': () => promises.pipeline(Readable.from(['a']), new Transform({ transform(c, e, cb) { cb(new RangeError('bad')) } }), new PassThrough()),
  finished: () => new Promise(r => { const s = Readable.from(['a']); finished(s, e => r(e ?? 'done')); s.resume() }),
  'destroy with an error': () => new Promise(r => { const s = new Readable({ read() {} }); s.on('error', e => r([e.message, s.destroyed])); s.destroy(new Error('gone')) }),
  'write after end': () => new Promise(r => { const w = new PassThrough(); w.on('error', e => r(e.code)); w.end(); w.write('x') }),
  duplex: () => new Promise(r => { const d = new Duplex({ read() { this.push('r'); this.push(null) }, write(c, e, cb) { cb() } }); const got = []; d.on('data', x => got.push(String(x))); d.on('end', () => r(got)); d.end('w') }),
  'async iterator breaks': async () => { const s = Readable.from(['a', 'b', 'c']); for await (const x of s) { if (x === 'b') break } return s.destroyed },
  consumers: async () => [await consumers.text(Readable.from(['a', 'b'])), await consumers.json(Readable.from(['{"x":', '1}'])), (await consumers.buffer(Readable.from([Buffer.from('q')]))).toString()],
  'abort signal': () => new Promise(r => { const c = new AbortController(); const s = addAbortSignal(c.signal, new Readable({ read() {} })); s.on('error', e => r(e.name)); c.abort() }),
  'map and filter': async () => { const out = await Readable.from([1, 2, 3, 4]).filter(x => x % 2).map(x => x * 10).toArray(); return out },
  subclass: () => new Promise(r => { class Up extends Transform { _transform(c, e, cb) { cb(null, String(c) + '.') } } const u = new Up(); let got = ''; u.on('data', d => { got += d }); u.on('end', () => r(got)); u.write('a'); u.end('b') }),
  'web streams': async () => { const s = new ReadableStream({ start(c) { c.enqueue('a'); c.enqueue('b'); c.close() } }); const t = s.pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x + x) } })); const reader = t.getReader(); const out = []; for (;;) { const { value, done } = await reader.read(); if (done) return out; out.push(value) } },
}
