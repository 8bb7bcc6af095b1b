'use strict'
const EventEmitter = require('events')
const { once, on } = EventEmitter
module.exports = {
  'on and emit': () => { const e = new EventEmitter(); const got = []; e.on('x', (...a) => got.push(a)); return [e.emit('x', 1, 2), e.emit('y'), got] },
  once: () => { const e = new EventEmitter(); let n = 0; e.once('x', () => n++); e.emit('x'); e.emit('x'); return n },
  order: () => { const e = new EventEmitter(); const got = []; e.on('x', () => got.push('b')); e.prependListener('x', () => got.push('a')); e.on('x', () => got.push('c')); e.emit('x'); return got },
  'off removes one': () => { const e = new EventEmitter(); let n = 0; const f = () => n++; e.on('x', f); e.on('x', f); e.off('x', f); e.emit('x'); return n },
  'removed while emitting': () => { const e = new EventEmitter(); const got = []; const b = () => got.push('b'); e.on('x', () => { got.push('a'); e.off('x', b) }); e.on('x', b); e.emit('x'); e.emit('x'); return got },
  'error without a listener': () => new EventEmitter().emit('error', new RangeError('boom')),
  'error that is none': () => { try { new EventEmitter().emit('error', 'text') } catch (e) { return e.code } },
  'error with a listener': () => { const e = new EventEmitter(); let got; e.on('error', x => { got = x.message }); e.emit('error', new Error('m')); return got },
  'error monitor': () => { const e = new EventEmitter(); const got = []; e.on(EventEmitter.errorMonitor, x => got.push('m')); e.on('error', () => got.push('e')); e.emit('error', new Error('x')); return got },
  counts: () => { const e = new EventEmitter(); e.on('a', () => {}); e.on('a', () => {}); e.once('b', () => {}); return [e.listenerCount('a'), e.eventNames(), e.listeners('b').length, e.rawListeners('b').length] },
  newListener: () => { const e = new EventEmitter(); const got = []; e.on('newListener', n => got.push(n)); e.on('x', () => {}); return got },
  removeAllListeners: () => { const e = new EventEmitter(); e.on('a', () => {}); e.removeAllListeners(); return e.eventNames() },
  'max listeners': () => { const e = new EventEmitter(); return [e.getMaxListeners(), e.setMaxListeners(3).getMaxListeners(), EventEmitter.defaultMaxListeners] },
  'this is the emitter': () => { const e = new EventEmitter(); let ok; e.on('x', function () { ok = this === e }); e.emit('x'); return ok },
  'a bad listener': () => new EventEmitter().on('x', 5),
  'once as a promise': async () => { const e = new EventEmitter(); setTimeout(() => e.emit('x', 1, 2), 1); return once(e, 'x') },
  'once rejects on error': async () => { const e = new EventEmitter(); setTimeout(() => e.emit('error', new TypeError('t')), 1); return once(e, 'x') },
  'once aborted': async () => { const c = new AbortController(); setTimeout(() => c.abort(), 1); return once(new EventEmitter(), 'x', { signal: c.signal }) },
  'on as an iterator': async () => { const e = new EventEmitter(); setTimeout(() => { e.emit('x', 1); e.emit('x', 2) }, 1); const got = []; for await (const [v] of on(e, 'x')) { got.push(v); if (v === 2) break } return got },
  'class names': () => [EventEmitter.EventEmitter === EventEmitter, new (class Mine extends EventEmitter {})() instanceof EventEmitter],
  'util.inherits': () => { function F() { EventEmitter.call(this) } require('util').inherits(F, EventEmitter); const f = new F(); let n = 0; f.on('x', () => n++); f.emit('x'); return n },
  'symbols as names': () => { const s = Symbol('s'); const e = new EventEmitter(); let n = 0; e.on(s, () => n++); e.emit(s); return [n, e.eventNames().length] },
  getEventListeners: () => { const e = new EventEmitter(); e.on('x', () => {}); return EventEmitter.getEventListeners(e, 'x').length },
}
