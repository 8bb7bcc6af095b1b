'use strict'

const EventEmitter = require('internal/npm/events')
const { coded, invalidArgType } = require('internal/errors')

const npmOnce = EventEmitter.once

function aborted(signal) {
  const e = new Error('The operation was aborted', { cause: signal?.reason })
  e.name = 'AbortError'
  e.code = 'ABORT_ERR'
  return e
}

function listen(emitter, name, f, options) {
  if (typeof emitter.on === 'function') emitter.on(name, f)
  else if (typeof emitter.addEventListener === 'function') emitter.addEventListener(name, f, options)
  else throw invalidArgType('emitter', 'an instance of EventEmitter', emitter)
}

function unlisten(emitter, name, f) {
  if (typeof emitter.removeListener === 'function') emitter.removeListener(name, f)
  else emitter.removeEventListener(name, f)
}

Object.assign(EventEmitter, {
  EventEmitter,
  errorMonitor: Symbol('events.errorMonitor'),
  captureRejectionSymbol: Symbol.for('nodejs.rejection'),
  captureRejections: false,
  usingDomains: false,

  once(emitter, name, options) {
    const signal = options?.signal
    if (!signal) return npmOnce(emitter, name)
    if (signal.aborted) return Promise.reject(aborted(signal))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        unlisten(emitter, name, onEvent)
        reject(aborted(signal))
      }
      const onEvent = (...args) => {
        signal.removeEventListener('abort', onAbort)
        unlisten(emitter, name, onEvent)
        resolve(args)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      listen(emitter, name, onEvent)
    })
  },

  // An async iterator of the events of one name.
  on(emitter, name, options) {
    const waiting = []
    const ready = []
    let failure
    let over = false
    const onEvent = (...args) => (waiting.length > 0 ? waiting.shift().resolve({ value: args, done: false }) : ready.push(args))
    const onError = e => {
      if (waiting.length > 0) waiting.shift().reject(e)
      else failure = e
    }
    const finish = () => {
      over = true
      unlisten(emitter, name, onEvent)
      unlisten(emitter, 'error', onError)
      for (const w of waiting.splice(0)) w.resolve({ value: undefined, done: true })
      return Promise.resolve({ value: undefined, done: true })
    }
    listen(emitter, name, onEvent)
    if (name !== 'error') listen(emitter, 'error', onError)
    options?.signal?.addEventListener('abort', () => {
      onError(aborted(options.signal))
      finish()
    }, { once: true })
    return {
      next() {
        if (ready.length > 0) return Promise.resolve({ value: ready.shift(), done: false })
        if (failure) {
          const e = failure
          failure = undefined
          finish()
          return Promise.reject(e)
        }
        if (over) return finish()
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
      },
      return: finish,
      throw(e) {
        onError(e)
        return finish()
      },
      [Symbol.asyncIterator]() { return this },
    }
  },

  getEventListeners: (emitter, name) => (typeof emitter.listeners === 'function' ? emitter.listeners(name) : []),
  getMaxListeners: emitter => emitter.getMaxListeners?.() ?? EventEmitter.defaultMaxListeners,
  setMaxListeners(n = EventEmitter.defaultMaxListeners, ...targets) {
    if (targets.length === 0) EventEmitter.defaultMaxListeners = n
    for (const t of targets) t.setMaxListeners?.(n)
  },
  addAbortListener(signal, listener) {
    if (signal.aborted) queueMicrotask(() => listener())
    else signal.addEventListener('abort', listener, { once: true })
    return { [Symbol.dispose]() { signal.removeEventListener('abort', listener) } }
  },
})

class EventEmitterAsyncResource extends EventEmitter {}
EventEmitter.EventEmitterAsyncResource = EventEmitterAsyncResource

// Monitors see an error before anybody else and do not handle it.
const npmEmit = EventEmitter.prototype.emit
EventEmitter.prototype.emit = function emit(name, ...args) {
  if (name === 'error' && this._events !== undefined && this._events[EventEmitter.errorMonitor] !== undefined) {
    npmEmit.call(this, EventEmitter.errorMonitor, ...args)
  }
  if (name === 'error' && !(args[0] instanceof Error) && !this._events?.error) {
    const shown = typeof args[0] === 'string' ? `'${args[0]}'` : require('internal/inspect').inspect(args[0])
    throw coded(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${shown})`, { context: args[0] })
  }
  return npmEmit.call(this, name, ...args)
}

for (const name of ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener', 'off', 'removeListener']) {
  const npm = EventEmitter.prototype[name]
  EventEmitter.prototype[name] = {
    [name](type, listener) {
      if (typeof listener !== 'function') throw invalidArgType('listener', 'of type function', listener)
      return npm.call(this, type, listener)
    },
  }[name]
}

module.exports = EventEmitter
