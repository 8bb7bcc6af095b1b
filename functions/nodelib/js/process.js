'use strict'

const { nextTick } = require('internal/prelude')
const EventEmitter = require('events')

const started = host.now()

class Process extends EventEmitter {}
const process = new Process()
Object.defineProperty(Process, 'name', { value: 'process' })
Object.defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true })

// Values are strings, as in a real environment.
const env = new Proxy(host.env, {
  set(target, name, value) {
    if (typeof name === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string')
    target[name] = String(value)
    return true
  },
  defineProperty(target, name, d) {
    return Reflect.defineProperty(target, name, 'value' in d ? { ...d, value: String(d.value) } : d)
  },
})

function output(level) {
  let rest = ''
  let waiting = false
  const flush = () => {
    waiting = false
    if (rest !== '') host.write(level, rest)
    rest = ''
  }
  return {
    isTTY: false,
    writable: true,
    columns: 80,
    fd: level === 'error' ? 2 : 1,
    // Lines are what the log keeps: text waits for its end of line, but not
    // beyond the running code.
    write(data, encoding, done) {
      if (typeof encoding === 'function') done = encoding
      rest += typeof data === 'string' ? data : Buffer.from(data).toString()
      const lines = rest.split('\n')
      rest = lines.pop()
      if (lines.length > 0) host.write(level, lines.join('\n'))
      if (rest !== '' && !waiting) {
        waiting = true
        nextTick(flush)
      }
      if (done) nextTick(done)
      return true
    },
    end(data) { if (data !== undefined) this.write(data + '\n') },
    on() { return this },
    once() { return this },
    emit() { return false },
    removeListener() { return this },
    getWindowSize: () => [80, 24],
    hasColors: () => false,
    getColorDepth: () => 1,
  }
}

function hrtime(since) {
  const ns = host.hrtime()
  let s = Math.floor(ns / 1e9)
  let n = ns % 1e9
  if (since) {
    s -= since[0]
    n -= since[1]
    if (n < 0) { s--; n += 1e9 }
  }
  return [s, n]
}
hrtime.bigint = () => BigInt(host.hrtime())

let handled = false
function watch(event) {
  if (handled || (event !== 'uncaughtException' && event !== 'unhandledRejection')) return
  handled = true
  host.hooks(
    e => process.emit('uncaughtException', e, 'uncaughtException'),
    (reason, promise) => process.emit('unhandledRejection', reason, promise) || process.emit('uncaughtException', reason, 'unhandledRejection'),
  )
}
process.on('newListener', watch)

Object.assign(process, {
  title: 'node',
  version: 'v20.20.2',
  versions: { node: '20.20.2', v8: '11.3.244.8-node.30', uv: '1.46.0', zlib: '1.3.0', modules: '115', openssl: '3.0.15' },
  arch: 'x64',
  platform: 'linux',
  release: { name: 'node', lts: 'Iron' },
  argv: ['/usr/local/bin/node', '/var/user/index.js'],
  argv0: 'node',
  execArgv: [],
  execPath: '/usr/local/bin/node',
  pid: 1,
  ppid: 0,
  env,
  exitCode: undefined,
  features: { inspector: false, debug: false, uv: true, ipv6: true, tls: true },
  config: { target_defaults: {}, variables: {} },
  stdout: output('log'),
  stderr: output('error'),
  stdin: { isTTY: false, readable: false, fd: 0, on() { return this }, once() { return this }, resume() { return this }, pause() { return this }, setEncoding() {} },

  cwd: () => '/var/user',
  chdir() { throw new Error('process.chdir is not available in cloud functions') },
  exit(code) {
    code = Number(code ?? process.exitCode ?? 0)
    process.emit('exit', code)
    host.exit(code)
  },
  abort() { host.exit(134) },
  kill(pid) {
    if (Number(pid) === 1) host.exit(143)
    const e = new Error('kill ESRCH')
    e.code = 'ESRCH'
    throw e
  },
  nextTick,
  hrtime,
  uptime: () => (host.now() - started) / 1000,
  memoryUsage: Object.assign(() => host.memory(), { rss: () => host.memory().rss }),
  cpuUsage: () => ({ user: 0, system: 0 }),
  resourceUsage: () => ({}),
  umask: () => 0o22,
  getuid: () => 1000,
  geteuid: () => 1000,
  getgid: () => 1000,
  getegid: () => 1000,
  getgroups: () => [1000],
  emitWarning(warning, options, code) {
    const type = typeof options === 'string' ? options : options?.type
    const id = code ?? options?.code
    const text = warning instanceof Error ? String(warning) : `${type ?? 'Warning'}: ${warning}`
    host.write('warn', `(node:1) ${id ? `[${id}] ` : ''}${text}`)
  },
  binding(name) { throw new Error(`No such module: ${name}`) },
  setUncaughtExceptionCaptureCallback() {},
  hasUncaughtExceptionCaptureCallback: () => false,
})

module.exports = process
