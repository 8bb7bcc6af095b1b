// Events, abort signals and message channels of the web platform.
'use strict'

const codes = {
  IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15, NetworkError: 19,
  AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5,
}

class DOMException extends Error {
  #name
  constructor(message = '', options = 'Error') {
    super(message)
    this.#name = typeof options === 'string' ? options : options?.name ?? 'Error'
    if (typeof options === 'object' && options !== null && 'cause' in options) this.cause = options.cause
  }
  get name() { return this.#name }
  get code() { return codes[this.#name] ?? 0 }
  get [Symbol.toStringTag]() { return 'DOMException' }
}
for (const [name, code] of Object.entries({ ABORT_ERR: 20, TIMEOUT_ERR: 23, DATA_CLONE_ERR: 25, INVALID_CHARACTER_ERR: 5, SYNTAX_ERR: 12, NOT_SUPPORTED_ERR: 9 })) {
  Object.defineProperty(DOMException, name, { value: code, enumerable: true })
  Object.defineProperty(DOMException.prototype, name, { value: code, enumerable: true })
}

const state = new WeakMap() // what the dispatcher changes of an event

class Event {
  constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
    if (arguments.length === 0) throw new TypeError('The "type" argument must be specified')
    state.set(this, { type: String(type), bubbles, cancelable, composed, target: null, prevented: false, stopped: false, time: performance.now() })
  }
  get type() { return state.get(this).type }
  get target() { return state.get(this).target }
  get currentTarget() { return state.get(this).target }
  get srcElement() { return state.get(this).target }
  get bubbles() { return state.get(this).bubbles }
  get cancelable() { return state.get(this).cancelable }
  get composed() { return state.get(this).composed }
  get defaultPrevented() { return state.get(this).prevented }
  get returnValue() { return !state.get(this).prevented }
  get timeStamp() { return state.get(this).time }
  get eventPhase() { return state.get(this).target ? 2 : 0 }
  get isTrusted() { return false }
  get cancelBubble() { return state.get(this).stopped }
  composedPath() { return state.get(this).target ? [state.get(this).target] : [] }
  preventDefault() { if (this.cancelable) state.get(this).prevented = true }
  stopPropagation() {}
  stopImmediatePropagation() { state.get(this).stopped = true }
  get [Symbol.toStringTag]() { return 'Event' }
}

class CustomEvent extends Event {
  #detail
  constructor(type, options = {}) {
    super(type, options)
    this.#detail = options?.detail ?? null
  }
  get detail() { return this.#detail }
}

class MessageEvent extends Event {
  constructor(type, options = {}) {
    super(type, options)
    for (const [name, value] of Object.entries({ data: options.data ?? null, origin: options.origin ?? '', lastEventId: options.lastEventId ?? '', source: options.source ?? null, ports: options.ports ?? [] })) {
      Object.defineProperty(this, name, { value, enumerable: true, configurable: true })
    }
  }
}

class EventTarget {
  #listeners = new Map()
  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) return
    const { once = false, signal } = typeof options === 'object' && options !== null ? options : {}
    if (signal?.aborted) return
    const list = this.#listeners.get(type) ?? []
    if (list.some(l => l.listener === listener)) return
    this.#listeners.set(type, [...list, { listener, once }])
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener), { once: true })
  }
  removeEventListener(type, listener) {
    const list = this.#listeners.get(type)
    if (list) this.#listeners.set(type, list.filter(l => l.listener !== listener))
  }
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw new TypeError('The "event" argument must be an instance of Event')
    const s = state.get(event)
    s.target = this
    for (const { listener, once } of this.#listeners.get(s.type) ?? []) {
      if (s.stopped) break
      if (once) this.removeEventListener(s.type, listener)
      try {
        if (typeof listener === 'function') listener.call(this, event)
        else listener.handleEvent(event)
      } catch (e) {
        process.nextTick(() => { throw e })
      }
    }
    return !s.prevented
  }
  get [Symbol.toStringTag]() { return 'EventTarget' }
}

// The attribute form of a listener: target.onabort = f.
function attribute(prototype, type) {
  const key = Symbol(type)
  Object.defineProperty(prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get() { return this[key]?.f ?? null },
    set(f) {
      if (this[key]) this.removeEventListener(type, this[key].listener)
      this[key] = undefined
      if (typeof f !== 'function') return
      const listener = e => f.call(this, e)
      Object.defineProperty(this, key, { value: { f, listener }, writable: true, configurable: true })
      this.addEventListener(type, listener)
    },
  })
}

const make = Symbol('make')

class AbortSignal extends EventTarget {
  #aborted = false
  #reason
  constructor(key) {
    super()
    if (key !== make) throw new TypeError('Illegal constructor')
  }
  get aborted() { return this.#aborted }
  get reason() { return this.#reason }
  throwIfAborted() { if (this.#aborted) throw this.#reason }
  static trigger(signal, reason) {
    if (signal.#aborted) return
    signal.#aborted = true
    signal.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason
    signal.dispatchEvent(new Event('abort'))
  }
  static abort(reason) {
    const s = new AbortSignal(make)
    trigger(s, reason)
    return s
  }
  static timeout(ms) {
    const s = new AbortSignal(make)
    setTimeout(() => trigger(s, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms).unref()
    return s
  }
  static any(signals) {
    const s = new AbortSignal(make)
    for (const from of signals) {
      if (from.aborted) {
        trigger(s, from.reason)
        break
      }
      from.addEventListener('abort', () => trigger(s, from.reason), { once: true })
    }
    return s
  }
  get [Symbol.toStringTag]() { return 'AbortSignal' }
}
const { trigger } = AbortSignal
delete AbortSignal.trigger
attribute(AbortSignal.prototype, 'abort')

class AbortController {
  #signal = new AbortSignal(make)
  get signal() { return this.#signal }
  abort(reason) { trigger(this.#signal, reason) }
  get [Symbol.toStringTag]() { return 'AbortController' }
}

class MessagePort extends EventTarget {
  #other
  #open = false
  #queue = []
  static pair(a, b) {
    a.#other = b
    b.#other = a
  }
  postMessage(data) {
    const to = this.#other
    if (!to) return
    to.#queue.push(structuredClone(data))
    if (to.#open) to.#drain()
  }
  #drain() {
    setImmediate(() => {
      for (const data of this.#queue.splice(0)) this.dispatchEvent(new MessageEvent('message', { data }))
    })
  }
  start() {
    this.#open = true
    if (this.#queue.length > 0) this.#drain()
  }
  close() {
    const other = this.#other
    this.#other = undefined
    if (other) other.#other = undefined
  }
  addEventListener(type, ...rest) {
    super.addEventListener(type, ...rest)
    if (type === 'message') this.start()
  }
  on(type, f) {
    this.addEventListener(type, e => f(e.data))
    return this
  }
  ref() {}
  unref() {}
}
const { pair } = MessagePort
delete MessagePort.pair
attribute(MessagePort.prototype, 'message')

class MessageChannel {
  constructor() {
    this.port1 = new MessagePort()
    this.port2 = new MessagePort()
    pair(this.port1, this.port2)
  }
}

module.exports = { DOMException, Event, CustomEvent, MessageEvent, EventTarget, AbortController, AbortSignal, MessagePort, MessageChannel }
