// util.format and the printf directives of console.log.
'use strict'

const { inspect, className, brand } = require('internal/inspect')

const numberText = n => (Object.is(n, -0) ? '-0' : String(n))

function asNumber(v, parse) {
  if (typeof v === 'bigint') return `${v}n`
  if (typeof v === 'symbol') return 'NaN'
  return numberText(parse(v))
}

const hasOwnToString = v => {
  for (let o = v; o !== null && o !== Object.prototype && o !== Error.prototype; o = Object.getPrototypeOf(o)) {
    if (Object.hasOwn(o, 'toString')) return typeof o.toString === 'function' && className(v) !== 'Object' && !Array.isArray(v) && !brand(v).match(/^(Date|RegExp|Function)$/) || o === v
  }
  return false
}

const directives = {
  s(v, options) {
    if (typeof v === 'bigint') return `${v}n`
    if (typeof v === 'number') return numberText(v)
    if (typeof v !== 'object' || v === null) return String(v)
    if (hasOwnToString(v) || brand(v) === 'Error') return String(v)
    return inspect(v, { ...options, depth: 0, compact: 3 })
  },
  d: v => asNumber(v, x => (typeof x === 'object' && x !== null ? NaN : Number(x))),
  i: v => asNumber(v, x => (typeof x === 'object' && x !== null ? NaN : parseInt(x, 10))),
  f: v => (typeof v === 'symbol' ? 'NaN' : numberText(parseFloat(v))),
  j(v) {
    try { return JSON.stringify(v) } catch (e) {
      if (/circular/i.test(e.message)) return '[Circular]'
      throw e
    }
  },
  o: (v, options) => inspect(v, { ...options, showHidden: true, showProxy: true, depth: 4 }),
  O: (v, options) => inspect(v, options),
  c: () => '',
}

function formatWithOptions(options, ...args) {
  let text = ''
  let next = 0
  if (typeof args[0] === 'string') {
    next = 1
    if (args.length === 1) return args[0]
    text = args[0].replace(/%([sdifjoOc%])/g, (whole, d) => {
      if (d === '%') return '%'
      if (next >= args.length) return whole
      return directives[d](args[next++], options)
    })
  }
  for (; next < args.length; next++) {
    if (next > 0) text += ' '
    text += typeof args[next] === 'string' ? args[next] : inspect(args[next], options)
  }
  return text
}

function formatArgs(...args) { return formatWithOptions({}, ...args) }

module.exports = { format: formatArgs, formatWithOptions }
