// fetch and its classes.
'use strict'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']
const internal = Symbol('internal')
const nullBody = new Set([101, 103, 204, 205, 304])
const redirects = new Set([301, 302, 303, 307, 308])
const token = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/

function nameOf(name) {
  name = String(name)
  if (!token.test(name)) throw new TypeError(`Headers: "${name}" is an invalid header name.`)
  return name.toLowerCase()
}

function valueOf(name, value) {
  value = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')
  if (/[\0\r\n]/.test(value)) throw new TypeError(`Headers: "${value}" is an invalid header value.`)
  return value
}

class Headers {
  #map = new Map() // name → list of values
  constructor(init) {
    if (init === undefined) return
    if (init === null || typeof init !== 'object') throw new TypeError("Headers constructor: init must be an object")
    const pairs = init instanceof Headers || typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init)
    for (const pair of pairs) {
      const [name, value, ...more] = [...pair]
      if (value === undefined && pair.length < 2 || more.length > 0) throw new TypeError('Headers constructor: expected name/value pair to be length 2')
      this.append(name, value)
    }
  }
  append(name, value) {
    name = nameOf(name)
    this.#map.set(name, [...(this.#map.get(name) ?? []), valueOf(name, value)])
  }
  set(name, value) {
    name = nameOf(name)
    this.#map.set(name, [valueOf(name, value)])
  }
  get(name) { return this.#map.get(nameOf(name))?.join(', ') ?? null }
  getSetCookie() { return [...(this.#map.get('set-cookie') ?? [])] }
  has(name) { return this.#map.has(nameOf(name)) }
  delete(name) { this.#map.delete(nameOf(name)) }
  forEach(f, self) { for (const [k, v] of this) f.call(self, v, k, this) }
  * entries() {
    for (const name of [...this.#map.keys()].sort()) {
      if (name === 'set-cookie') for (const v of this.#map.get(name)) yield [name, v]
      else yield [name, this.#map.get(name).join(', ')]
    }
  }
  * keys() { for (const [k] of this) yield k }
  * values() { for (const [, v] of this) yield v }
  [Symbol.iterator]() { return this.entries() }
  get [Symbol.toStringTag]() { return 'Headers' }
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { return `Headers ${inspect(Object.fromEntries(this), options)}` }
}

class FormData {
  #list = []
  constructor(form) { if (form !== undefined) throw new TypeError('FormData constructor: there are no forms here') }
  #entry(name, value, filename) {
    name = String(name)
    if (!(value instanceof Blob)) return [name, String(value)]
    if (filename !== undefined || !(value instanceof File)) value = new File([value], filename ?? 'blob', { type: value.type })
    return [name, value]
  }
  append(...args) { this.#list.push(this.#entry(...args)) }
  set(...args) {
    const entry = this.#entry(...args)
    const at = this.#list.findIndex(([k]) => k === entry[0])
    if (at === -1) return void this.#list.push(entry)
    this.#list = this.#list.filter(([k], i) => k !== entry[0] || i === at)
    this.#list[at] = entry
  }
  get(name) { return this.#list.find(([k]) => k === String(name))?.[1] ?? null }
  getAll(name) { return this.#list.filter(([k]) => k === String(name)).map(([, v]) => v) }
  has(name) { return this.#list.some(([k]) => k === String(name)) }
  delete(name) { this.#list = this.#list.filter(([k]) => k !== String(name)) }
  forEach(f, self) { for (const [k, v] of this) f.call(self, v, k, this) }
  * entries() { yield* this.#list }
  * keys() { for (const [k] of this.#list) yield k }
  * values() { for (const [, v] of this.#list) yield v }
  [Symbol.iterator]() { return this.entries() }
  get [Symbol.toStringTag]() { return 'FormData' }
}

function multipart(form) {
  const boundary = `----formdata-${require('crypto').randomBytes(12).toString('hex')}`
  const quoted = s => s.replace(/\r\n|\r|\n/g, '%0D%0A').replace(/"/g, '%22')
  const parts = []
  for (const [name, value] of form) {
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`)
    if (typeof value === 'string') parts.push(`\r\n\r\n${value.replace(/\r?\n|\r/g, '\r\n')}\r\n`)
    else parts.push(`; filename="${quoted(value.name)}"\r\nContent-Type: ${value.type || 'application/octet-stream'}\r\n\r\n`, value, '\r\n')
  }
  parts.push(`--${boundary}--\r\n`)
  return [new Blob(parts).bytesSync(), `multipart/form-data; boundary=${boundary}`]
}

// The bytes of a body and the content type it stands for. A stream is null.
function extract(body) {
  if (body instanceof URLSearchParams) return [Buffer.from(String(body)), 'application/x-www-form-urlencoded;charset=UTF-8']
  if (body instanceof FormData) return multipart(body)
  if (body instanceof Blob) return [Buffer.from(body.bytesSync()), body.type || null]
  if (ArrayBuffer.isView(body)) return [Buffer.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength)), null]
  if (body instanceof ArrayBuffer) return [Buffer.from(body.slice(0)), null]
  if (body !== null && typeof body === 'object' && (typeof body.getReader === 'function' || typeof body[Symbol.asyncIterator] === 'function')) return [null, null]
  return [Buffer.from(String(body)), 'text/plain;charset=UTF-8']
}

async function drain(source) {
  const parts = []
  const iterator = source[Symbol.asyncIterator] ? source[Symbol.asyncIterator]() : readerIterator(source.getReader())
  for (;;) {
    const { value, done } = await iterator.next()
    if (done) return Buffer.concat(parts)
    parts.push(typeof value === 'string' ? Buffer.from(value) : Buffer.from(value))
  }
}

const readerIterator = reader => ({ next: () => reader.read() })

// What Request and Response share.
class Body {
  #bytes = null
  #source = null // a stream, or a function that makes the bytes' promise
  #stream = null
  #used = false
  static fill(self, body) {
    if (body === undefined || body === null) return null
    if (typeof body === 'function') {
      self.#source = body
      return null
    }
    const [bytes, type] = extract(body)
    if (bytes) self.#bytes = bytes
    else self.#source = self.#stream = body
    return type
  }
  static async take(self) {
    if (self.#used || self.#stream?.locked) throw new TypeError('Body is unusable: Body has already been read')
    if (self.#bytes === null && self.#source === null) return Buffer.alloc(0)
    self.#used = true
    if (self.#bytes) return self.#bytes
    if (typeof self.#source === 'function') return self.#source()
    return drain(self.#source)
  }
  static isEmpty(self) { return self.#bytes === null && self.#source === null }
  static copy(from, to) {
    if (from.#used) throw new TypeError('Response.clone: Body has already been consumed.')
    if (typeof from.#source === 'function') {
      let shared
      const source = from.#source
      from.#source = to.#source = () => (shared ??= source())
      return
    }
    if (from.#source) [from.#source, to.#source] = from.#source.tee()
    to.#bytes = from.#bytes
  }
  get bodyUsed() { return this.#used }
  get body() {
    if (this.#stream || (this.#bytes === null && this.#source === null)) return this.#stream
    const self = this
    this.#stream = new ReadableStream({
      async pull(c) {
        self.#used = true
        const bytes = self.#bytes ?? await self.#source()
        if (bytes.length > 0) c.enqueue(new Uint8Array(bytes))
        c.close()
      },
    }, { highWaterMark: 0 })
    if (typeof this.#source !== 'function') this.#source = this.#stream
    return this.#stream
  }
  async text() { return new TextDecoder().decode(await take(this)) }
  async json() { return JSON.parse(await this.text()) }
  async bytes() { return new Uint8Array(await take(this)) }
  async arrayBuffer() { return new Uint8Array(await take(this)).buffer }
  async blob() { return new Blob([await take(this)], { type: this.headers.get('content-type') ?? '' }) }
  async formData() {
    const type = this.headers.get('content-type') ?? ''
    if (!/^application\/x-www-form-urlencoded/i.test(type)) throw new TypeError(`formData: the content type "${type}" cannot be read`)
    const form = new FormData()
    for (const [k, v] of new URLSearchParams(await this.text())) form.append(k, v)
    return form
  }
}
const { fill, take, copy, isEmpty } = Body
for (const name of ['fill', 'take', 'copy', 'isEmpty']) delete Body[name]

class Request extends Body {
  #s
  constructor(input, init = {}) {
    super()
    const from = input instanceof Request ? input : undefined
    let url
    try {
      url = new URL(from ? from.url : input)
    } catch (cause) {
      throw new TypeError(`Failed to parse URL from ${input}`, { cause })
    }
    if (url.username || url.password) throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${input}`)
    let method = String(init.method ?? from?.method ?? 'GET')
    if (!token.test(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`)
    if (METHODS.includes(method.toUpperCase())) method = method.toUpperCase()
    const body = init.body ?? null
    if ((method === 'GET' || method === 'HEAD') && (body !== null)) throw new TypeError('Request with GET/HEAD method cannot have body.')
    this.#s = { url: url.href, method, headers: new Headers(init.headers ?? from?.headers), redirect: init.redirect ?? from?.redirect ?? 'follow', signal: init.signal ?? from?.signal ?? new AbortController().signal }
    const type = body === null && from ? (copy(from, this), null) : fill(this, body)
    if (type && !this.headers.has('content-type')) this.headers.set('content-type', type)
  }
  get url() { return this.#s.url }
  get method() { return this.#s.method }
  get headers() { return this.#s.headers }
  get redirect() { return this.#s.redirect }
  get signal() { return this.#s.signal }
  get mode() { return 'cors' }
  get credentials() { return 'same-origin' }
  get cache() { return 'default' }
  get referrer() { return 'about:client' }
  get integrity() { return '' }
  get keepalive() { return false }
  get duplex() { return 'half' }
  clone() { return new Request(this) }
  get [Symbol.toStringTag]() { return 'Request' }
}

class Response extends Body {
  #s
  constructor(body = null, init = {}) {
    super()
    const status = init.status ?? 200
    if (!(status >= 200 && status <= 599) && init[internal] === undefined) throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.')
    this.#s = { status, statusText: String(init.statusText ?? ''), headers: new Headers(init.headers), url: '', redirected: false, type: 'default', ...init[internal] }
    if (body !== null && nullBody.has(status) && init[internal] === undefined) throw new TypeError(`Response constructor: Invalid response status code ${status}`)
    const type = fill(this, body)
    if (type && !this.headers.has('content-type')) this.headers.set('content-type', type)
  }
  get status() { return this.#s.status }
  get statusText() { return this.#s.statusText }
  get ok() { return this.#s.status >= 200 && this.#s.status <= 299 }
  get headers() { return this.#s.headers }
  get url() { return this.#s.url }
  get redirected() { return this.#s.redirected }
  get type() { return this.#s.type }
  clone() {
    const r = new Response(null, { status: this.status, statusText: this.statusText, headers: this.headers, [internal]: { url: this.url, redirected: this.redirected, type: this.type } })
    copy(this, r)
    return r
  }
  static error() { return new Response(null, { status: 0, [internal]: { type: 'error' } }) }
  static json(data, init = {}) {
    const headers = new Headers(init.headers)
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    return new Response(JSON.stringify(data), { ...init, headers })
  }
  static redirect(url, status = 302) {
    if (!redirects.has(status)) throw new RangeError(`Invalid status code ${status}`)
    return new Response(null, { status, headers: { location: new URL(url).href } })
  }
  get [Symbol.toStringTag]() { return 'Response' }
}
// One exchange without redirects: [status, text, flat headers, the bytes' promise maker].
function exchange(method, url, flat, body, signal) {
  return new Promise((resolve, reject) => {
    let id
    let failBody
    const abort = () => {
      host.cancel(id)
      const reason = signal.reason
      reject(reason)
      failBody?.(reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    const readAll = () => new Promise((done, fail) => {
      failBody = fail
      const parts = []
      const next = () => host.read(id, data => {
        if (data === null) {
          signal.removeEventListener('abort', abort)
          return done(Buffer.concat(parts))
        }
        parts.push(Buffer.from(data))
        next()
      }, e => fail(new TypeError('terminated', { cause: e })))
      if (signal.aborted) return fail(signal.reason)
      next()
    })
    id = host.start(method, url, flat, body, (status, text, version, headers) => resolve([status, text, Array.from(headers), readAll, id]), cause => reject(new TypeError('fetch failed', { cause })))
  })
}

const decoders = { gzip: 'gunzip', 'x-gzip': 'gunzip', deflate: 'unzip' }

function decoded(read, encoding) {
  const operation = decoders[encoding.toLowerCase()]
  if (!operation) return read
  return async () => {
    const bytes = await read()
    if (bytes.length === 0) return bytes
    return new Promise((done, fail) => require('zlib')[operation](bytes, (e, out) => (e ? fail(new TypeError('terminated', { cause: e })) : done(out))))
  }
}

function flatten(headers, defaults) {
  const flat = []
  for (const [k, v] of headers) flat.push(k, v)
  for (const [k, v] of Object.entries(defaults)) if (!headers.has(k)) flat.push(k, v)
  return flat
}

async function fetch(input, init) {
  if (arguments.length === 0) throw new TypeError('fetch requires 1 argument')
  const request = new Request(input, init)
  const { signal, redirect } = request
  if (signal.aborted) throw signal.reason
  const headers = new Headers(request.headers)
  let { method } = request
  let url = new URL(request.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('fetch failed', { cause: new Error('unknown scheme') })
  let body = isEmpty(request) ? null : await take(request)
  for (let hops = 0; ; hops++) {
    url.hash = ''
    const flat = flatten(headers, { accept: '*/*', 'accept-language': '*', 'sec-fetch-mode': 'cors', 'user-agent': 'node', 'accept-encoding': 'gzip, deflate' })
    const [status, text, raw, read, id] = await exchange(method, url.href, flat, body, signal)
    const answer = new Headers()
    for (let i = 0; i < raw.length; i += 2) answer.append(raw[i], raw[i + 1])
    const location = answer.get('location')
    if (!redirects.has(status) || location === null || redirect === 'manual') {
      const empty = nullBody.has(status) || method === 'HEAD'
      if (empty) host.cancel(id)
      return new Response(empty ? null : decoded(read, answer.get('content-encoding') ?? ''), { status, statusText: text, headers: answer, [internal]: { url: url.href, redirected: hops > 0, type: 'basic' } })
    }
    host.cancel(id)
    if (redirect === 'error') throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') })
    if (hops >= 20) throw new TypeError('fetch failed', { cause: new Error('redirect count exceeded') })
    const next = new URL(location, url.href)
    if (next.protocol !== 'http:' && next.protocol !== 'https:') throw new TypeError('fetch failed', { cause: new Error('URL scheme must be a HTTP(S) scheme') })
    if (status === 303 && method !== 'HEAD' || (status === 301 || status === 302) && method === 'POST') {
      method = method === 'HEAD' ? 'HEAD' : 'GET'
      body = null
      for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']) headers.delete(name)
    }
    if (next.origin !== url.origin) for (const name of ['authorization', 'proxy-authorization', 'cookie', 'host']) headers.delete(name)
    url = next
  }
}

module.exports = { fetch, Headers, Request, Response, FormData }
