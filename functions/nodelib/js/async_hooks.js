'use strict'

// The store of all AsyncLocalStorages is one immutable map that follows the
// asynchronous work; the host carries it.
function enter(storage, value) {
  const map = new Map(host.store())
  map.set(storage, value)
  host.setStore(map)
}

function within(map, f, args) {
  const before = host.store()
  host.setStore(map)
  try { return f(...args) } finally { host.setStore(before) }
}

class AsyncLocalStorage {
  #enabled = true
  #initial
  constructor(options) { this.#initial = options?.defaultValue }
  getStore() {
    const map = this.#enabled ? host.store() : undefined
    return map !== undefined && map.has(this) ? map.get(this) : this.#initial
  }
  run(value, f, ...args) {
    this.#enabled = true
    const map = new Map(host.store())
    map.set(this, value)
    return within(map, f, args)
  }
  exit(f, ...args) {
    const map = new Map(host.store())
    map.delete(this)
    return within(map, f, args)
  }
  enterWith(value) {
    this.#enabled = true
    enter(this, value)
  }
  disable() { this.#enabled = false }
  static bind(f) { return AsyncResource.bind(f) }
  static snapshot() {
    const map = host.store()
    return (f, ...args) => within(map, f, args)
  }
}

let lastId = 1

class AsyncResource {
  #map = host.store()
  #id = ++lastId
  constructor(type) {
    if (typeof type !== 'string') throw new TypeError('The "type" argument must be of type string')
    Object.defineProperty(this, 'type', { value: type })
  }
  runInAsyncScope(f, self, ...args) { return within(this.#map, (...a) => f.apply(self, a), args) }
  bind(f, self) {
    const resource = this
    return function (...args) { return resource.runInAsyncScope(f, self ?? this, ...args) }
  }
  emitDestroy() { return this }
  asyncId() { return this.#id }
  triggerAsyncId() { return 0 }
  static bind(f, type, self) { return new AsyncResource(type ?? f.name ?? 'bound-anonymous-fn').bind(f, self) }
}

const hook = { enable() { return hook }, disable() { return hook } }

module.exports = {
  AsyncLocalStorage,
  AsyncResource,
  createHook: () => hook,
  executionAsyncId: () => 1,
  triggerAsyncId: () => 0,
  executionAsyncResource: () => ({}),
  asyncWrapProviders: Object.freeze({ __proto__: null, NONE: 0 }),
}
