// Percent encoding and hosts of the WHATWG URL standard (1.3 and 3.5).
'use strict'

// --- percent encoding (1.3) -----------------------------------------------------

const c0 = c => c < 0x20 || c > 0x7e
const set = (chars, below) => {
  const codes = new Set([...chars].map(c => c.charCodeAt(0)))
  return c => below(c) || codes.has(c)
}
const fragmentSet = set(' "<>`', c0)
const querySet = set(' "#<>', c0)
const specialQuerySet = set("'", querySet)
// The standard now encodes ^ in paths, too; Node 20 does not.
const pathSet = set('?`{}', querySet)
const userinfoSet = set('/:;=@[\\]^|', pathSet)

function encode(text, inSet) {
  let out = ''
  for (const char of text) {
    const code = char.codePointAt(0)
    if (code < 0x80) out += inSet(code) ? '%' + code.toString(16).toUpperCase().padStart(2, '0') : char
    else out += encodeURIComponent(char.toWellFormed())
  }
  return out
}

const decode = text => Buffer.from(text.replace(/%([0-9a-f]{2})|[^\x00-\x7f]/gi, (m, hex) => (hex ? String.fromCharCode(parseInt(hex, 16)) : Buffer.from(m).toString('latin1'))), 'latin1').toString()

// --- hosts ------------------------------------------------------------------------

const forbiddenHost = /[\0\t\n\r #/:<>?@[\\\]^|]/
const forbiddenDomain = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/

function parseHost(input, opaque) {
  if (input[0] === '[') {
    if (!input.endsWith(']')) return null
    const v6 = parseIPv6(input.slice(1, -1))
    return v6 && `[${v6}]`
  }
  if (opaque) return forbiddenHost.test(input) ? null : encode(input, c0)
  const ascii = host.toASCII(decode(input.replace(/[\ud800-\udbff][\udc00-\udfff]/g, c => encodeURIComponent(c))))
  if (ascii === undefined || ascii === '' || forbiddenDomain.test(ascii)) return null
  if (endsInNumber(ascii)) return parseIPv4(ascii)
  return ascii
}

function endsInNumber(text) {
  const parts = text.split('.')
  if (parts.at(-1) === '' && parts.length > 1) parts.pop()
  return /^([0-9]+|0x[0-9a-f]*)$/i.test(parts.at(-1))
}

function parseIPv4(text) {
  const parts = text.split('.')
  if (parts.at(-1) === '' && parts.length > 1) parts.pop()
  if (parts.length > 4) return null
  const numbers = []
  for (const part of parts) {
    if (/^0x[0-9a-f]*$/i.test(part)) numbers.push(parseInt(part.slice(2) || '0', 16))
    else if (/^0[0-7]*$/.test(part)) numbers.push(parseInt(part, 8))
    else if (/^[1-9][0-9]*$/.test(part)) numbers.push(parseInt(part, 10))
    else return null
  }
  const last = numbers.pop()
  if (numbers.some(n => n > 255) || last >= 256 ** (4 - numbers.length)) return null
  let value = last
  numbers.forEach((n, i) => { value += n * 256 ** (3 - i) })
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}

function parseIPv6(text) {
  const tail = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text)
  if (tail) {
    const bytes = tail[2].split('.').map(Number)
    if (bytes.some(b => b > 255) || tail[2].split('.').some(p => p.length > 1 && p[0] === '0')) return null
    text = tail[1] + ((bytes[0] << 8) | bytes[1]).toString(16) + ':' + ((bytes[2] << 8) | bytes[3]).toString(16)
  }
  const halves = text.split('::')
  if (halves.length > 2) return null
  const groups = halves.map(h => (h === '' ? [] : h.split(':')))
  if (!groups.flat().every(g => /^[0-9a-f]{1,4}$/i.test(g))) return null
  const count = groups.flat().length
  if (halves.length === 2 ? count > 7 : count !== 8) return null
  const pieces = [...groups[0], ...Array(8 - count).fill('0'), ...(groups[1] ?? [])].map(g => parseInt(g, 16))
  return serializeIPv6(pieces)
}

// The first longest run of zeros, of two at least, is left out.
function serializeIPv6(pieces) {
  let best = -1
  let size = 1
  for (let i = 0; i < 8; i++) {
    let j = i
    while (j < 8 && pieces[j] === 0) j++
    if (j - i > size) [best, size] = [i, j - i]
    i = Math.max(i, j - 1)
  }
  const hex = list => list.map(p => p.toString(16)).join(':')
  return best === -1 ? hex(pieces) : `${hex(pieces.slice(0, best))}::${hex(pieces.slice(best + size))}`
}

module.exports = { encode, parseHost, c0, fragmentSet, querySet, specialQuerySet, pathSet, userinfoSet }
