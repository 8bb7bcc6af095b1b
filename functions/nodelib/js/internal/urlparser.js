// The URL parser of the WHATWG URL standard, section 4.4. A URL is a record {scheme, username, password, host, port, path, query,
// fragment}; path is a list, or a string for an opaque one.
'use strict'

const { encode, parseHost, c0, fragmentSet, querySet, specialQuerySet, pathSet, userinfoSet } = require('internal/urlhost')

const special = { __proto__: null, 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443, 'ftp:': 21, 'file:': null }
const isSpecial = u => u.scheme + ':' in special

// --- paths ------------------------------------------------------------------------

const single = s => /^(\.|%2e)$/i.test(s)
const double = s => /^(\.|%2e){2}$/i.test(s)
const driveLetter = s => /^[a-z][:|]$/i.test(s)

function shorten(u) {
  if (u.scheme === 'file' && u.path.length === 1 && /^[a-z]:$/i.test(u.path[0])) return
  u.path.pop()
}

const fresh = () => ({ scheme: '', username: '', password: '', host: null, port: null, path: [], query: null, fragment: null })

// --- the parser ---------------------------------------------------------------------

// Parses input against an optional base record; null is failure. With only, one
// part of the record u is set anew, as the setters of URL do.
function parse(input, base, u, only) {
  if (!u) {
    u = fresh()
    input = input.replace(/^[\0- ]+|[\0- ]+$/g, '')
  }
  const p = { u, base, only, text: [...input.replace(/[\t\n\r]/g, '')], at: 0, buffer: '', sawAt: false, inBrackets: false, sawPassword: false, state: only ?? 'scheme start' }
  for (;; p.at++) {
    const c = p.text[p.at]
    const verdict = states[p.state](p, c)
    if (verdict === fail) return null
    if (verdict === done) return u
    if (p.at >= p.text.length) return u
  }
}
const fail = Symbol('fail')
const done = Symbol('done')

// Goes to a state, and looks at the current character again unless it is taken.
function again(p, state) {
  p.state = state
  p.at--
}
const rest = p => p.text.slice(p.at + 1).join('')

const states = {
  __proto__: null,
  'scheme start'(p, c) {
    if (c !== undefined && /[a-z]/i.test(c)) {
      p.buffer += c.toLowerCase()
      p.state = 'scheme'
    } else if (!p.only) again(p, 'no scheme')
    else return fail
  },
  scheme(p, c) {
    const { u } = p
    if (c !== undefined && /[a-z0-9+\-.]/i.test(c)) {
      p.buffer += c.toLowerCase()
      return
    }
    if (c !== ':') {
      if (p.only) return fail
      p.buffer = ''
      p.at = -1
      p.state = 'no scheme'
      return
    }
    if (p.only) {
      const was = isSpecial(u)
      if (was !== (p.buffer + ':' in special) || ((u.username || u.password || u.port !== null) && p.buffer === 'file') || (u.scheme === 'file' && !u.host)) return done
      u.scheme = p.buffer
      if (u.port === special[u.scheme + ':']) u.port = null
      return done
    }
    u.scheme = p.buffer
    p.buffer = ''
    if (u.scheme === 'file') p.state = 'file'
    else if (isSpecial(u) && p.base && p.base.scheme === u.scheme) p.state = 'special relative or authority'
    else if (isSpecial(u)) p.state = 'special authority slashes'
    else if (p.text[p.at + 1] === '/') {
      p.state = 'path or authority'
      p.at++
    } else {
      u.path = ''
      p.state = 'opaque path'
    }
  },
  'no scheme'(p, c) {
    const { u, base } = p
    if (!base || (typeof base.path === 'string' && c !== '#')) return fail
    if (typeof base.path === 'string') {
      Object.assign(u, { scheme: base.scheme, path: base.path, query: base.query, fragment: '' })
      p.state = 'fragment'
    } else again(p, base.scheme === 'file' ? 'file' : 'relative')
  },
  'special relative or authority'(p, c) {
    if (c === '/' && p.text[p.at + 1] === '/') {
      p.state = 'special authority ignore slashes'
      p.at++
    } else again(p, 'relative')
  },
  'path or authority'(p, c) {
    if (c === '/') p.state = 'authority'
    else again(p, 'path')
  },
  relative(p, c) {
    const { u, base } = p
    u.scheme = base.scheme
    if (c === '/' || (isSpecial(u) && c === '\\')) {
      p.state = 'relative slash'
      return
    }
    Object.assign(u, { username: base.username, password: base.password, host: base.host, port: base.port, path: [...base.path], query: base.query })
    if (c === '?') {
      u.query = ''
      p.state = 'query'
    } else if (c === '#') {
      u.fragment = ''
      p.state = 'fragment'
    } else if (c !== undefined) {
      u.query = null
      shorten(u)
      again(p, 'path')
    }
  },
  'relative slash'(p, c) {
    const { u, base } = p
    if (isSpecial(u) && (c === '/' || c === '\\')) p.state = 'special authority ignore slashes'
    else if (c === '/') p.state = 'authority'
    else {
      Object.assign(u, { username: base.username, password: base.password, host: base.host, port: base.port })
      again(p, 'path')
    }
  },
  'special authority slashes'(p, c) {
    p.state = 'special authority ignore slashes'
    if (c === '/' && p.text[p.at + 1] === '/') p.at++
    else p.at--
  },
  'special authority ignore slashes'(p, c) {
    if (c !== '/' && c !== '\\') again(p, 'authority')
  },
  authority(p, c) {
    const { u } = p
    if (c === '@') {
      const credentials = (p.sawAt ? '%40' : '') + p.buffer
      p.sawAt = true
      for (const char of credentials) {
        if (char === ':' && !p.sawPassword) p.sawPassword = true
        else if (p.sawPassword) u.password += encode(char, userinfoSet)
        else u.username += encode(char, userinfoSet)
      }
      p.buffer = ''
    } else if (c === undefined || c === '/' || c === '?' || c === '#' || (isSpecial(u) && c === '\\')) {
      if (p.sawAt && p.buffer === '') return fail
      p.at -= [...p.buffer].length + 1
      p.buffer = ''
      p.state = 'host'
    } else p.buffer += c
  },
  host(p, c) {
    const { u } = p
    if (p.only && u.scheme === 'file') {
      again(p, 'file host')
      return
    }
    if (c === ':' && !p.inBrackets) {
      if (p.buffer === '' || p.only === 'hostname') return fail
      const h = parseHost(p.buffer, !isSpecial(u))
      if (h === null) return fail
      u.host = h
      p.buffer = ''
      p.state = 'port'
    } else if (c === undefined || c === '/' || c === '?' || c === '#' || (isSpecial(u) && c === '\\')) {
      p.at--
      if (isSpecial(u) && p.buffer === '') return fail
      if (p.only && p.buffer === '' && (u.username || u.password || u.port !== null)) return fail
      const h = parseHost(p.buffer, !isSpecial(u))
      if (h === null) return fail
      u.host = h
      p.buffer = ''
      p.state = 'path start'
      if (p.only) return done
    } else {
      if (c === '[') p.inBrackets = true
      if (c === ']') p.inBrackets = false
      p.buffer += c
    }
  },
  port(p, c) {
    const { u } = p
    if (c !== undefined && /[0-9]/.test(c)) {
      p.buffer += c
      return
    }
    if (c !== undefined && c !== '/' && c !== '?' && c !== '#' && !(isSpecial(u) && c === '\\') && !p.only) return fail
    if (p.buffer !== '') {
      const port = Number(p.buffer)
      if (port > 65535) return fail
      u.port = port === special[u.scheme + ':'] ? null : port
      p.buffer = ''
      if (p.only) return done
    }
    if (p.only) return fail
    again(p, 'path start')
  },
  file(p, c) {
    const { u, base } = p
    u.scheme = 'file'
    u.host = ''
    if (c === '/' || c === '\\') {
      p.state = 'file slash'
      return
    }
    if (base?.scheme !== 'file') {
      again(p, 'path')
      return
    }
    Object.assign(u, { host: base.host, path: [...base.path], query: base.query })
    if (c === '?') {
      u.query = ''
      p.state = 'query'
    } else if (c === '#') {
      u.fragment = ''
      p.state = 'fragment'
    } else if (c !== undefined) {
      u.query = null
      if (/^[a-z][:|]([/\\?#]|$)/i.test(c + rest(p))) u.path = []
      else shorten(u)
      again(p, 'path')
    }
  },
  'file slash'(p, c) {
    const { u, base } = p
    if (c === '/' || c === '\\') {
      p.state = 'file host'
      return
    }
    if (base?.scheme === 'file') {
      u.host = base.host
      if (!/^[a-z][:|]([/\\?#]|$)/i.test((c ?? '') + rest(p)) && /^[a-z]:$/i.test(base.path[0] ?? '')) u.path.push(base.path[0])
    }
    again(p, 'path')
  },
  'file host'(p, c) {
    const { u } = p
    if (c !== undefined && c !== '/' && c !== '\\' && c !== '?' && c !== '#') {
      p.buffer += c
      return
    }
    p.at--
    if (!p.only && driveLetter(p.buffer)) p.state = 'path'
    else if (p.buffer === '') {
      u.host = ''
      if (p.only) return done
      p.state = 'path start'
    } else {
      const h = parseHost(p.buffer, false)
      if (h === null) return fail
      u.host = h === 'localhost' ? '' : h
      if (p.only) return done
      p.buffer = ''
      p.state = 'path start'
    }
  },
  'path start'(p, c) {
    const { u } = p
    if (isSpecial(u)) {
      p.state = 'path'
      if (c !== '/' && c !== '\\') p.at--
    } else if (!p.only && c === '?') {
      u.query = ''
      p.state = 'query'
    } else if (!p.only && c === '#') {
      u.fragment = ''
      p.state = 'fragment'
    } else if (c !== undefined) {
      p.state = 'path'
      if (c !== '/') p.at--
    } else if (p.only && u.host === null) u.path.push('')
  },
  path(p, c) {
    const { u } = p
    const slash = c === '/' || (isSpecial(u) && c === '\\')
    if (c !== undefined && !slash && (p.only || (c !== '?' && c !== '#'))) {
      p.buffer += encode(c, pathSet)
      return
    }
    if (double(p.buffer)) {
      shorten(u)
      if (!slash) u.path.push('')
    } else if (single(p.buffer)) {
      if (!slash) u.path.push('')
    } else {
      if (u.scheme === 'file' && u.path.length === 0 && driveLetter(p.buffer)) p.buffer = p.buffer[0] + ':'
      u.path.push(p.buffer)
    }
    p.buffer = ''
    if (c === '?') {
      u.query = ''
      p.state = 'query'
    } else if (c === '#') {
      u.fragment = ''
      p.state = 'fragment'
    }
  },
  'opaque path'(p, c) {
    const { u } = p
    if (c === '?') {
      u.query = ''
      p.state = 'query'
    } else if (c === '#') {
      u.fragment = ''
      p.state = 'fragment'
    } else if (c !== undefined) u.path += encode(c, c0)
  },
  query(p, c) {
    const { u } = p
    if (c !== undefined && (p.only || c !== '#')) {
      u.query += encode(c, isSpecial(u) ? specialQuerySet : querySet)
    } else if (c === '#') {
      u.fragment = ''
      p.state = 'fragment'
    }
  },
  fragment(p, c) {
    if (c !== undefined) p.u.fragment += encode(c, fragmentSet)
  },
}
states.hostname = states.host

function serialize(u, withoutFragment) {
  let out = `${u.scheme}:`
  if (u.host !== null) {
    out += '//'
    if (u.username !== '' || u.password !== '') out += `${u.username}${u.password === '' ? '' : `:${u.password}`}@`
    out += u.host + (u.port === null ? '' : `:${u.port}`)
  } else if (typeof u.path !== 'string' && u.path.length > 1 && u.path[0] === '') out += '/.'
  out += pathOf(u)
  if (u.query !== null) out += `?${u.query}`
  if (!withoutFragment && u.fragment !== null) out += `#${u.fragment}`
  return out
}

const pathOf = u => (typeof u.path === 'string' ? u.path : u.path.map(s => `/${s}`).join(''))

module.exports = { parse, serialize, pathOf, isSpecial, encode, userinfoSet }
