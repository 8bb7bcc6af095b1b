'use strict'


function escape(text) {
  try {
    return encodeURIComponent(text)
  } catch {
    const e = new URIError('URI malformed')
    e.code = 'ERR_INVALID_URI'
    throw e
  }
}

function unescapeBuffer(text) {
  const bytes = []
  const source = Buffer.from(String(text))
  for (let i = 0; i < source.length; i++) {
    const pair = source[i] === 37 ? source.toString('latin1', i + 1, i + 3) : ''
    if (/^[0-9a-fA-F]{2}$/.test(pair)) {
      bytes.push(parseInt(pair, 16))
      i += 2
    } else bytes.push(source[i])
  }
  return Buffer.from(bytes)
}

function unescape(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return unescapeBuffer(text).toString()
  }
}

// What is no string, number, bigint or boolean is empty.
function primitive(v) {
  if (typeof v === 'string') return v
  if (typeof v === 'number') return Number.isFinite(v) ? String(v) : ''
  if (typeof v === 'bigint' || typeof v === 'boolean') return String(v)
  return ''
}

function stringify(object, separator, equals, options) {
  separator ||= '&'
  equals ||= '='
  const encode = options?.encodeURIComponent ?? exports.escape
  if (object === null || typeof object !== 'object') return ''
  const pairs = []
  for (const key of Object.keys(object)) {
    const name = encode(primitive(key)) + equals
    const value = object[key]
    if (Array.isArray(value)) for (const v of value) pairs.push(name + encode(primitive(v)))
    else pairs.push(name + encode(primitive(value)))
  }
  return pairs.join(separator)
}

function parse(text, separator, equals, options) {
  const out = Object.create(null)
  if (typeof text !== 'string' || text.length === 0) return out
  separator = separator ? String(separator) : '&'
  equals = equals ? String(equals) : '='
  const decode = options?.decodeURIComponent ?? exports.unescape
  const most = typeof options?.maxKeys === 'number' ? options.maxKeys : 1000
  const part = s => {
    const spaced = s.replace(/\+/g, '%20')
    try {
      return decode(spaced)
    } catch {
      return unescape(spaced)
    }
  }
  let pairs = text.split(separator)
  if (most > 0) pairs = pairs.slice(0, most)
  for (const pair of pairs) {
    if (pair === '') continue
    const at = pair.indexOf(equals)
    const key = part(at < 0 ? pair : pair.slice(0, at))
    const value = at < 0 ? '' : part(pair.slice(at + equals.length))
    if (!(key in out)) out[key] = value
    else if (Array.isArray(out[key])) out[key].push(value)
    else out[key] = [out[key], value]
  }
  return out
}

Object.assign(exports, { stringify, parse, escape, unescape, unescapeBuffer, encode: stringify, decode: parse })
