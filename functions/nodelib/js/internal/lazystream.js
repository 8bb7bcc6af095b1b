// Lets a class act as a Transform without loading streams before somebody uses
// it as one: hashes and ciphers seldom are.
'use strict'

const inner = Symbol('stream')

function streamOf(self) {
  if (self[inner]) return self[inner]
  const { Transform } = require('stream')
  const s = new Transform({
    transform(chunk, encoding, done) {
      try { self._transform(chunk, encoding, done) } catch (e) { done(e) }
    },
    flush(done) {
      if (!self._flush) return done()
      try { self._flush(done) } catch (e) { done(e) }
    },
  })
  Object.defineProperty(self, inner, { value: s })
  return s
}

const methods = [
  'on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'emit', 'listeners', 'listenerCount', 'prependListener', 'eventNames', 'setMaxListeners',
  'write', 'end', 'cork', 'uncork', 'setDefaultEncoding', 'pipe', 'unpipe', 'read', 'push', 'resume', 'pause', 'isPaused', 'setEncoding', 'destroy', Symbol.asyncIterator,
]
const members = [
  'readable', 'writable', 'destroyed', 'writableEnded', 'writableFinished', 'readableEnded', 'readableFlowing', 'writableNeedDrain', 'writableLength', 'writableHighWaterMark',
  'readableHighWaterMark', 'closed', 'errored', '_writableState', '_readableState',
]

exports.lazyStream = function lazyStream(Class) {
  for (const name of methods) {
    Object.defineProperty(Class.prototype, name, {
      configurable: true,
      writable: true,
      value(...args) {
        const s = streamOf(this)
        const r = s[name](...args)
        return r === s ? this : r
      },
    })
  }
  for (const name of members) {
    Object.defineProperty(Class.prototype, name, { configurable: true, get() { return streamOf(this)[name] } })
  }
  return Class
}
