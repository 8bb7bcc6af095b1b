'use strict'

const { URL, URLSearchParams } = host
const { inspect } = require('internal/inspect')

const custom = Symbol.for('nodejs.util.inspect.custom')

function add(target, name, value) {
  if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
}

for (const [Class, name] of [[URL, 'URL'], [URLSearchParams, 'URLSearchParams']]) {
  Object.defineProperty(Class, 'name', { value: name, configurable: true })
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true })
}

add(URL, 'canParse', (input, base) => {
  try {
    return Boolean(new URL(input, base))
  } catch {
    return false
  }
})
add(URL, 'parse', (input, base) => {
  try {
    return new URL(input, base)
  } catch {
    return null
  }
})
add(URL, 'createObjectURL', () => { throw require('internal/errors').notAvailable('URL.createObjectURL') })
add(URL, 'revokeObjectURL', () => {})

if (!('size' in URLSearchParams.prototype)) {
  Object.defineProperty(URLSearchParams.prototype, 'size', { configurable: true, enumerable: true, get() { return [...this].length } })
}

const shown = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']

Object.defineProperty(URL.prototype, custom, {
  configurable: true,
  value(depth, options) {
    if (depth < 0) return '[URL]'
    const o = {}
    for (const key of shown) o[key] = this[key]
    return `URL ${inspect(o, options)}`
  },
})
Object.defineProperty(URLSearchParams.prototype, custom, {
  configurable: true,
  value(depth, options) {
    const pairs = [...this].map(([k, v]) => `${inspect(k, options)} => ${inspect(v, options)}`)
    return pairs.length === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${pairs.join(', ')} }`
  },
})

module.exports = { URL, URLSearchParams, domainToASCII: host.domainToASCII, domainToUnicode: host.domainToUnicode }
