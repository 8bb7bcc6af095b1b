'use strict'

const inspect = () => require('internal/inspect')
const format = (...args) => require('internal/format').format(...args)
let indent = ''
const counts = new Map()
const clocks = new Map()

// The host formats primitives itself and answers false for the rest.
function write(level, args) {
  if (host.plain(level, indent, args)) return
  host.write(level, indent, format(...args))
}

function elapsed(label) {
  const since = clocks.get(label)
  if (since === undefined) {
    write('warn', [`Warning: No such label '${label}' for console.time()`])
    return
  }
  const ms = host.now() - since
  if (ms < 1000) return `${label}: ${Number(ms.toFixed(3))}ms`
  return `${label}: ${(ms / 1000).toFixed(3)}s`
}

class Console {
  constructor() {
    // Methods are taken off the object often: log = console.log.
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      if (name === 'constructor') continue
      Object.defineProperty(this, name, { value: Console.prototype[name].bind(this), writable: true, configurable: true, enumerable: true })
    }
  }

  log(...args) { write('log', args) }
  info(...args) { write('info', args) }
  debug(...args) { write('debug', args) }
  warn(...args) { write('warn', args) }
  error(...args) { write('error', args) }

  dir(value, options) {
    host.write('log', indent, inspect().inspect(value, { customInspect: false, ...options }))
  }
  dirxml(...args) { write('log', args) }

  trace(...args) {
    const text = args.length > 0 ? ': ' + format(...args) : ''
    const frames = inspect().frames(new Error()).split('\n').slice(1)
    host.write('error', indent, ['Trace' + text, ...frames].join('\n'))
  }

  assert(ok, ...args) {
    if (ok) return
    if (typeof args[0] === 'string') args[0] = 'Assertion failed: ' + args[0]
    else args.unshift('Assertion failed')
    write('warn', args)
  }

  count(label = 'default') {
    label = String(label)
    const n = (counts.get(label) ?? 0) + 1
    counts.set(label, n)
    write('log', [`${label}: ${n}`])
  }
  countReset(label = 'default') {
    if (!counts.delete(String(label))) write('warn', [`Warning: Count for '${label}' does not exist`])
  }

  time(label = 'default') {
    label = String(label)
    if (clocks.has(label)) return write('warn', [`Warning: Label '${label}' already exists for console.time()`])
    clocks.set(label, host.now())
  }
  timeLog(label = 'default', ...args) {
    const text = elapsed(String(label))
    if (text !== undefined) write('log', [text, ...args])
  }
  timeEnd(label = 'default') {
    const text = elapsed(String(label))
    if (text === undefined) return
    clocks.delete(String(label))
    write('log', [text])
  }

  group(...args) {
    if (args.length > 0) write('log', args)
    indent += '  '
  }
  groupCollapsed(...args) { this.group(...args) }
  groupEnd() { indent = indent.slice(2) }

  table(data, columns) {
    if (data === null || typeof data !== 'object') return write('log', [data])
    host.write('log', indent, require('internal/table').table(data, columns))
  }

  timeStamp() {}
  profile() {}
  profileEnd() {}
}

module.exports = new Console()
Object.defineProperty(module.exports, 'Console', { value: Console, writable: true, configurable: true })
