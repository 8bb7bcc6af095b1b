'use strict'

class Channel {
  #subscribers = []
  constructor(name) { this.name = name }
  get hasSubscribers() { return this.#subscribers.length > 0 }
  subscribe(f) { this.#subscribers.push(f) }
  unsubscribe(f) {
    const at = this.#subscribers.indexOf(f)
    if (at !== -1) this.#subscribers.splice(at, 1)
    return at !== -1
  }
  publish(data) { for (const f of this.#subscribers) f(data, this.name) }
  bindStore() {}
  unbindStore() {}
  runStores(data, f, self, ...args) {
    this.publish(data)
    return f.apply(self, args)
  }
}

const channels = new Map()
function channel(name) {
  if (!channels.has(name)) channels.set(name, new Channel(name))
  return channels.get(name)
}

function tracingChannel(name) {
  const on = kind => channel(`tracing:${name}:${kind}`)
  const all = { start: on('start'), end: on('end'), asyncStart: on('asyncStart'), asyncEnd: on('asyncEnd'), error: on('error') }
  return {
    ...all,
    get hasSubscribers() { return Object.values(all).some(c => c.hasSubscribers) },
    subscribe(handlers) { for (const k of Object.keys(handlers)) all[k]?.subscribe(handlers[k]) },
    unsubscribe(handlers) { for (const k of Object.keys(handlers)) all[k]?.unsubscribe(handlers[k]) },
    traceSync: (f, context, self, ...args) => f.apply(self, args),
    tracePromise: (f, context, self, ...args) => f.apply(self, args),
    traceCallback: (f, position, context, self, ...args) => f.apply(self, args),
  }
}

module.exports = {
  Channel,
  channel,
  tracingChannel,
  hasSubscribers: name => channels.get(name)?.hasSubscribers ?? false,
  subscribe: (name, f) => channel(name).subscribe(f),
  unsubscribe: (name, f) => channel(name).unsubscribe(f),
}
