'use strict'

const { Readable, Writable } = require('stream')
const EventEmitter = require('events')
const { coded, invalidArgType, invalidArgValue, notAvailable } = require('internal/errors')

const STATUS_CODES = {
  100: 'Continue', 101: 'Switching Protocols', 102: 'Processing', 103: 'Early Hints', 200: 'OK', 201: 'Created', 202: 'Accepted', 203: 'Non-Authoritative Information',
  204: 'No Content', 205: 'Reset Content', 206: 'Partial Content', 207: 'Multi-Status', 208: 'Already Reported', 226: 'IM Used', 300: 'Multiple Choices',
  301: 'Moved Permanently', 302: 'Found', 303: 'See Other', 304: 'Not Modified', 305: 'Use Proxy', 307: 'Temporary Redirect', 308: 'Permanent Redirect',
  400: 'Bad Request', 401: 'Unauthorized', 402: 'Payment Required', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable',
  407: 'Proxy Authentication Required', 408: 'Request Timeout', 409: 'Conflict', 410: 'Gone', 411: 'Length Required', 412: 'Precondition Failed',
  413: 'Payload Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type', 416: 'Range Not Satisfiable', 417: 'Expectation Failed', 418: "I'm a Teapot",
  421: 'Misdirected Request', 422: 'Unprocessable Entity', 423: 'Locked', 424: 'Failed Dependency', 425: 'Too Early', 426: 'Upgrade Required',
  428: 'Precondition Required', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large', 451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported',
  506: 'Variant Also Negotiates', 507: 'Insufficient Storage', 508: 'Loop Detected', 509: 'Bandwidth Limit Exceeded', 510: 'Not Extended', 511: 'Network Authentication Required',
}

const METHODS = ['ACL', 'BIND', 'CHECKOUT', 'CONNECT', 'COPY', 'DELETE', 'GET', 'HEAD', 'LINK', 'LOCK', 'M-SEARCH', 'MERGE', 'MKACTIVITY', 'MKCALENDAR', 'MKCOL', 'MOVE', 'NOTIFY', 'OPTIONS', 'PATCH', 'POST', 'PROPFIND', 'PROPPATCH', 'PURGE', 'PUT', 'REBIND', 'REPORT', 'SEARCH', 'SOURCE', 'SUBSCRIBE', 'TRACE', 'UNBIND', 'UNLINK', 'UNLOCK', 'UNSUBSCRIBE']

const token = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/
const badValue = /[^\t\x20-\x7e\x80-\xff]/

function validateHeaderName(name, label = 'Header name') {
  if (typeof name !== 'string' || !token.test(name)) throw coded(TypeError, 'ERR_INVALID_HTTP_TOKEN', `${label} must be a valid HTTP token ["${name}"]`)
}
function validateHeaderValue(name, value) {
  if (value === undefined) throw coded(TypeError, 'ERR_HTTP_INVALID_HEADER_VALUE', `Invalid value "${value}" for header "${name}"`)
  if (badValue.test(String(value))) throw coded(TypeError, 'ERR_INVALID_CHAR', `Invalid character in header content ["${name}"]`)
}

// Libraries keep sockets alive, set their delays and listen to them; there is
// nothing behind.
class FakeSocket extends EventEmitter {
  constructor(encrypted) {
    super()
    this.setMaxListeners(0)
    if (encrypted) Object.assign(this, { encrypted: true, authorized: true, getPeerCertificate: () => ({}), getSession() {}, isSessionReused: () => false })
  }
  connecting = false
  destroyed = false
  writable = true
  readable = true
  remoteAddress = undefined
  remotePort = undefined
  bytesRead = 0
  bytesWritten = 0
  setTimeout() { return this }
  setKeepAlive() { return this }
  setNoDelay() { return this }
  ref() { return this }
  unref() { return this }
  cork() {}
  uncork() {}
  address() { return {} }
  end() { return this }
  destroy() {
    this.destroyed = true
    return this
  }
}

class IncomingMessage extends Readable {
  #id
  constructor(id, status, text, version, flat, socket) {
    super({ highWaterMark: 65536 })
    this.#id = id
    this.statusCode = status
    this.statusMessage = text || STATUS_CODES[status] || ''
    this.httpVersion = version
    ;[this.httpVersionMajor, this.httpVersionMinor] = String(version).split('.').map(Number)
    this.rawHeaders = Array.from(flat)
    this.rawTrailers = []
    this.trailers = {}
    this.headers = {}
    this.headersDistinct = {}
    this.complete = false
    this.aborted = false
    this.url = ''
    this.method = null
    this.socket = this.connection = socket
    for (let i = 0; i < this.rawHeaders.length; i += 2) this.#header(this.rawHeaders[i].toLowerCase(), this.rawHeaders[i + 1])
  }
  #header(name, value) {
    ;(this.headersDistinct[name] ??= []).push(value)
    if (name === 'set-cookie') (this.headers[name] ??= []).push(value)
    else if (!(name in this.headers)) this.headers[name] = value
    else if (name === 'cookie') this.headers[name] += `; ${value}`
    else if (!singular.has(name)) this.headers[name] += `, ${value}`
  }
  _read() {
    host.read(
      this.#id,
      data => {
        if (data !== null) return this.push(Buffer.from(data))
        this.complete = true
        this.push(null)
      },
      e => {
        if (this.destroyed) return
        this.aborted = true
        this.emit('aborted')
        this.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET', cause: e }))
      },
    )
  }
  _destroy(e, done) {
    if (!this.complete) host.cancel(this.#id)
    done(e)
  }
  setTimeout(ms, f) {
    if (f) this.once('timeout', f)
    return this
  }
}

const singular = new Set(['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host', 'if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards', 'proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'])

function target(options, protocol) {
  const scheme = options.protocol ?? protocol
  if (scheme !== 'http:' && scheme !== 'https:') throw coded(TypeError, 'ERR_INVALID_PROTOCOL', `Protocol "${scheme}" not supported. Expected "http:"`)
  if (options.socketPath) throw notAvailable('a request over a local socket')
  let name = options.hostname || options.host || 'localhost'
  if (name.includes(':') && !name.startsWith('[')) name = options.hostname || !/^[^:]+:\d+$/.test(name) ? `[${name}]` : name.split(':')[0]
  const port = options.port || options.defaultPort
  const path = options.path || '/'
  if (/[^\x21-\xff]/.test(path)) throw coded(TypeError, 'ERR_UNESCAPED_CHARACTERS', 'Request path contains unescaped characters')
  const standard = scheme === 'https:' ? 443 : 80
  const authority = port && Number(port) !== standard ? `${name}:${port}` : name
  return { scheme, name, authority, path: path.startsWith('/') ? path : `/${path}` }
}

class ClientRequest extends Writable {
  #headers = new Map() // lower-case name → [name, value]
  #chunks = []
  #id
  #sent = false
  #timer
  #ms = 0
  #target

  constructor(options, protocol, callback) {
    super({ autoDestroy: false, emitClose: true, decodeStrings: true })
    this.#target = target(options, protocol)
    const method = options.method === undefined || options.method === null ? 'GET' : options.method
    if (typeof method !== 'string') throw invalidArgType('options.method', 'of type string', method)
    if (!token.test(method)) throw coded(TypeError, 'ERR_INVALID_HTTP_TOKEN', `Method must be a valid HTTP token ["${method}"]`)
    Object.assign(this, {
      method: method.toUpperCase(), path: this.#target.path, host: this.#target.name, protocol: this.#target.scheme, agent: options.agent ?? globalAgent,
      aborted: false, finished: false, reusedSocket: false, maxHeadersCount: null, res: null, shouldKeepAlive: true, headersSent: false,
      useChunkedEncodingByDefault: true,
    })
    this.socket = this.connection = new FakeSocket(this.#target.scheme === 'https:')
    this.#initial(options)
    if (callback) this.once('response', callback)
    if (options.timeout) this.setTimeout(options.timeout)
    const { signal } = options
    if (signal?.aborted) process.nextTick(() => this.destroy(abortError(signal)))
    else signal?.addEventListener('abort', () => this.destroy(abortError(signal)), { once: true })
    process.nextTick(() => {
      if (this.destroyed) return
      this.emit('socket', this.socket)
      this.socket.emit('connect')
      if (this.socket.encrypted) this.socket.emit('secureConnect')
    })
  }

  #initial(options) {
    const { headers } = options
    if (Array.isArray(headers)) {
      if (headers.every(Array.isArray)) for (const [k, v] of headers) this.setHeader(k, v)
      else for (let i = 0; i < headers.length; i += 2) this.setHeader(headers[i], headers[i + 1])
    } else if (headers) for (const k of Object.keys(headers)) if (headers[k] !== undefined) this.setHeader(k, headers[k])
    if (options.auth && !this.hasHeader('authorization')) this.setHeader('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`)
    if (!this.hasHeader('host') && options.setHost !== false) this.setHeader('Host', this.#target.authority)
  }

  setHeader(name, value) {
    validateHeaderName(name)
    for (const v of Array.isArray(value) ? value : [value]) validateHeaderValue(name, v)
    if (this.headersSent) throw coded(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client')
    this.#headers.set(name.toLowerCase(), [name, value])
    return this
  }
  setHeaders(headers) {
    for (const [k, v] of headers) this.setHeader(k, v)
    return this
  }
  appendHeader(name, value) {
    const before = this.getHeader(name)
    return this.setHeader(name, before === undefined ? value : [before, value].flat())
  }
  getHeader(name) { return this.#headers.get(String(name).toLowerCase())?.[1] }
  hasHeader(name) { return this.#headers.has(String(name).toLowerCase()) }
  removeHeader(name) { this.#headers.delete(String(name).toLowerCase()) }
  getHeaderNames() { return [...this.#headers.keys()] }
  getRawHeaderNames() { return [...this.#headers.values()].map(([k]) => k) }
  getHeaders() { return Object.assign(Object.create(null), Object.fromEntries([...this.#headers].map(([k, [, v]]) => [k, v]))) }
  flushHeaders() {}
  setNoDelay() {}
  setSocketKeepAlive() {}
  onSocket() {}
  get _header() { return this.headersSent ? '' : null }

  setTimeout(ms, callback) {
    this.#ms = ms
    if (callback) this.once('timeout', callback)
    this.#watch()
    return this
  }
  #watch() {
    clearTimeout(this.#timer)
    if (this.#ms > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => {
        this.emit('timeout')
        this.socket.emit('timeout')
      }, this.#ms)
      this.#timer.unref()
    }
  }

  _write(chunk, encoding, done) {
    this.#chunks.push(chunk)
    done()
  }
  _final(done) {
    this.finished = true
    done()
    this.#send()
  }
  #send() {
    if (this.#sent || this.destroyed) return
    this.#sent = this.headersSent = true
    const flat = []
    for (const [name, value] of this.#headers.values()) for (const v of Array.isArray(value) ? value : [value]) flat.push(name, String(v))
    const body = this.#chunks.length > 0 || !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(this.method) ? Buffer.concat(this.#chunks.splice(0)) : null
    const { scheme, authority, path } = this.#target
    try {
      this.#id = host.start(this.method, `${scheme}//${authority}${path}`, flat, body, (...answer) => this.#answer(...answer), e => this.#fail(e))
    } catch (e) {
      process.nextTick(() => this.#fail(e))
    }
  }
  #answer(status, text, version, flat) {
    clearTimeout(this.#timer)
    if (this.destroyed) return host.cancel(this.#id)
    const res = new IncomingMessage(this.#id, status, text, version, flat, this.socket)
    res.req = this
    this.res = res
    const close = () => {
      clearTimeout(this.#timer)
      this.destroyed || super.destroy()
    }
    res.once('close', close)
    res.once('end', close)
    if (!this.emit('response', res)) res.resume()
  }
  #fail(e) {
    clearTimeout(this.#timer)
    if (!this.destroyed) super.destroy(e)
  }
  abort() {
    if (this.aborted) return
    this.aborted = true
    process.nextTick(() => this.emit('abort'))
    this.destroy()
  }
  destroy(e) {
    if (this.destroyed) return this
    clearTimeout(this.#timer)
    if (this.res) this.res.destroy(e)
    else if (this.#id !== undefined) host.cancel(this.#id)
    this.socket.destroyed = true
    if (!e && !this.res) e = coded(Error, 'ECONNRESET', 'socket hang up')
    if (e && !this.res) return super.destroy(e)
    return super.destroy()
  }
}

function abortError(signal) {
  return Object.assign(new Error('The operation was aborted', { cause: signal.reason }), { name: 'AbortError', code: 'ABORT_ERR' })
}

class Agent extends EventEmitter {
  constructor(options = {}) {
    super()
    Object.assign(this, {
      options: { path: null, ...options }, requests: {}, sockets: {}, freeSockets: {}, defaultPort: 80, protocol: 'http:',
      keepAlive: options.keepAlive ?? false, keepAliveMsecs: options.keepAliveMsecs ?? 1000, maxSockets: options.maxSockets ?? Infinity, maxFreeSockets: options.maxFreeSockets ?? 256, maxTotalSockets: Infinity, totalSocketCount: 0,
    })
  }
  getName(o = {}) { return `${o.host ?? 'localhost'}:${o.port ?? ''}:${o.localAddress ?? ''}` }
  addRequest() {}
  createConnection() { throw notAvailable('Agent.createConnection') }
  keepSocketAlive() { return true }
  reuseSocket() {}
  destroy() {}
}

const globalAgent = new Agent({ keepAlive: true })

// The arguments of request: (url, options, callback), with any of the first two.
function parse(args) {
  let [input, options, callback] = args
  if (typeof input === 'string') input = require('url').urlToHttpOptions(new URL(input))
  else if (input instanceof URL) input = require('url').urlToHttpOptions(input)
  else [input, options, callback] = [{}, input, options]
  if (typeof options === 'function') [options, callback] = [{}, options]
  if (options !== undefined && options !== null && typeof options !== 'object') throw invalidArgValue('options', options)
  return [{ ...input, ...options }, callback]
}

// What https shares.
function client(protocol) {
  const request = (...args) => {
    const [options, callback] = parse(args)
    return new ClientRequest(options, options.agent?.protocol ?? protocol, callback)
  }
  const get = (...args) => {
    const r = request(...args)
    r.end()
    return r
  }
  return { request, get }
}

class Server extends EventEmitter { constructor() { super(); throw notAvailable('http.createServer') } }
class OutgoingMessage extends Writable {}
class ServerResponse extends OutgoingMessage {}

module.exports = {
  ...client('http:'),
  METHODS, STATUS_CODES, Agent, globalAgent, ClientRequest, IncomingMessage, OutgoingMessage, ServerResponse, Server,
  createServer: () => new Server(),
  validateHeaderName, validateHeaderValue,
  maxHeaderSize: 16384,
  setMaxIdleHTTPParsers() {},
}
Object.defineProperty(module.exports, 'client', { value: client })
