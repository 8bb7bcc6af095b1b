// URL and URLSearchParams.
'use strict'

const { parse, serialize, pathOf, isSpecial, encode, userinfoSet } = require('internal/urlparser')
const { coded, invalidArgType, notAvailable } = require('internal/errors')

const custom = Symbol.for('nodejs.util.inspect.custom')
const replace = Symbol('replace')

// --- application/x-www-form-urlencoded ------------------------------------------

const formSafe = /[^A-Za-z0-9*\-._]/gu
const formEncode = text => text.toWellFormed().replace(formSafe, c => (c === ' ' ? '+' : c < '\x80' ? `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(c)))

function formDecode(text) {
  text = text.replace(/\+/g, ' ')
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return require('querystring').unescapeBuffer(text).toString()
  }
}

function formParse(text) {
  const out = []
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    out.push(at === -1 ? [formDecode(pair), ''] : [formDecode(pair.slice(0, at)), formDecode(pair.slice(at + 1))])
  }
  return out
}

class URLSearchParams {
  #list = []
  #changed
  constructor(init, changed) {
    this.#changed = changed?.[replace]
    if (init === undefined || init === null) return
    if (typeof init !== 'object' && typeof init !== 'function') {
      init = String(init)
      this.#list = formParse(init[0] === '?' ? init.slice(1) : init)
    } else if (typeof init[Symbol.iterator] === 'function') {
      for (const pair of init) {
        if (pair === null || typeof pair !== 'object' || typeof pair[Symbol.iterator] !== 'function') throw coded(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple')
        const [name, value, ...more] = [...pair]
        if (value === undefined || more.length > 0) throw coded(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple')
        this.#list.push([String(name).toWellFormed(), String(value).toWellFormed()])
      }
    } else for (const key of Object.keys(init)) this.#list.push([key.toWellFormed(), String(init[key]).toWellFormed()])
  }
  [replace](query) { this.#list = formParse(query) }
  get size() { return this.#list.length }
  append(name, value) {
    this.#list.push([String(name).toWellFormed(), String(value).toWellFormed()])
    this.#changed?.()
  }
  delete(name, value) {
    this.#list = this.#list.filter(([k, v]) => k !== String(name) || (value !== undefined && v !== String(value)))
    this.#changed?.()
  }
  get(name) { return this.#list.find(([k]) => k === String(name))?.[1] ?? null }
  getAll(name) { return this.#list.filter(([k]) => k === String(name)).map(([, v]) => v) }
  has(name, value) { return this.#list.some(([k, v]) => k === String(name) && (value === undefined || v === String(value))) }
  set(name, value) {
    name = String(name)
    const first = this.#list.find(([k]) => k === name)
    if (!first) return this.append(name, value)
    first[1] = String(value).toWellFormed()
    this.#list = this.#list.filter(pair => pair === first || pair[0] !== name)
    this.#changed?.()
  }
  sort() {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    this.#changed?.()
  }
  forEach(f, self) {
    if (typeof f !== 'function') throw invalidArgType('callback', 'of type function', f)
    for (const [k, v] of this) f.call(self, v, k, this)
  }
  * entries() { for (let i = 0; i < this.#list.length; i++) yield [...this.#list[i]] }
  * keys() { for (let i = 0; i < this.#list.length; i++) yield this.#list[i][0] }
  * values() { for (let i = 0; i < this.#list.length; i++) yield this.#list[i][1] }
  [Symbol.iterator]() { return this.entries() }
  toString() { return this.#list.map(([k, v]) => `${formEncode(k)}=${formEncode(v)}`).join('&') }
  get [Symbol.toStringTag]() { return 'URLSearchParams' }
  [custom](depth, options, inspect) {
    const pairs = this.#list.map(([k, v]) => `${inspect(k, options)} => ${inspect(v, options)}`)
    return pairs.length === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${pairs.join(', ')} }`
  }
}

// --- URL --------------------------------------------------------------------------

function parsed(input, base) {
  let from
  if (base !== undefined) {
    from = parse(String(base).toWellFormed())
    if (from === null) return null
  }
  return parse(String(input).toWellFormed(), from)
}

const shown = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']

class URL {
  #u
  #params
  constructor(input, base) {
    if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "url" argument must be specified')
    this.#u = parsed(input, base)
    if (this.#u === null) throw coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL', { input: String(input), ...(base !== undefined && { base: String(base) }) })
  }
  static canParse(input, base) { return parsed(input, base) !== null }
  static parse(input, base) {
    try { return new URL(input, base) } catch { return null }
  }
  static createObjectURL() { throw notAvailable('URL.createObjectURL') }
  static revokeObjectURL() {}

  get href() { return serialize(this.#u) }
  set href(v) {
    const u = parsed(v)
    if (u === null) throw coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL', { input: String(v) })
    this.#u = u
    this.#params?.[replace](u.query ?? '')
  }
  get origin() {
    const u = this.#u
    if (u.scheme === 'blob') {
      const inner = parsed(pathOf(u))
      return inner && (inner.scheme === 'http' || inner.scheme === 'https') ? new URL(pathOf(u)).origin : 'null'
    }
    return isSpecial(u) && u.scheme !== 'file' ? `${u.scheme}://${this.host}` : 'null'
  }
  get protocol() { return `${this.#u.scheme}:` }
  set protocol(v) { parse(`${v}:`, undefined, this.#u, 'scheme start') }
  get username() { return this.#u.username }
  set username(v) { if (this.#mayHaveCredentials()) this.#u.username = encode(String(v), userinfoSet) }
  get password() { return this.#u.password }
  set password(v) { if (this.#mayHaveCredentials()) this.#u.password = encode(String(v), userinfoSet) }
  #mayHaveCredentials() { return this.#u.host !== null && this.#u.host !== '' && this.#u.scheme !== 'file' }
  get host() { return this.#u.host === null ? '' : this.#u.host + (this.#u.port === null ? '' : `:${this.#u.port}`) }
  set host(v) { this.#set(String(v), 'host') }
  get hostname() { return this.#u.host ?? '' }
  set hostname(v) { this.#set(String(v), 'hostname') }
  // A failed parse must leave no half of itself behind.
  #set(v, part) {
    if (typeof this.#u.path === 'string') return
    const copy = { ...this.#u, path: [...this.#u.path] }
    if (parse(v, undefined, copy, part) !== null) this.#u = copy
    else if (part === 'host' && copy.host !== this.#u.host) this.#u.host = copy.host
  }
  get port() { return this.#u.port === null ? '' : String(this.#u.port) }
  set port(v) {
    if (!this.#mayHaveCredentials()) return
    if (String(v) === '') this.#u.port = null
    else parse(String(v), undefined, this.#u, 'port')
  }
  get pathname() { return pathOf(this.#u) }
  set pathname(v) {
    if (typeof this.#u.path === 'string') return
    this.#u.path = []
    parse(String(v), undefined, this.#u, 'path start')
  }
  get search() { return this.#u.query ? `?${this.#u.query}` : '' }
  set search(v) {
    v = String(v)
    this.#u.query = null
    if (v !== '') {
      this.#u.query = ''
      parse(v[0] === '?' ? v.slice(1) : v, undefined, this.#u, 'query')
    }
    this.#params?.[replace](this.#u.query ?? '')
  }
  get searchParams() {
    return this.#params ??= new URLSearchParams(this.#u.query ?? '', {
      [replace]: () => { this.#u.query = this.#params.toString() || null },
    })
  }
  get hash() { return this.#u.fragment ? `#${this.#u.fragment}` : '' }
  set hash(v) {
    v = String(v)
    this.#u.fragment = null
    if (v === '') return
    this.#u.fragment = ''
    parse(v[0] === '#' ? v.slice(1) : v, undefined, this.#u, 'fragment')
  }
  toString() { return this.href }
  toJSON() { return this.href }
  get [Symbol.toStringTag]() { return 'URL' }
  [custom](depth, options, inspect) {
    if (depth < 0) return '[URL]'
    const o = {}
    for (const key of shown) o[key] = this[key]
    return `URL ${inspect(o, options)}`
  }
}
for (const name of shown) Object.defineProperty(URL.prototype, name, { enumerable: true })

module.exports = { URL, URLSearchParams, domainToASCII: text => host.toASCII(String(text)) ?? '', domainToUnicode: text => host.toUnicode(String(text)) }
