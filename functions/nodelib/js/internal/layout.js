// How util.inspect lays its pieces out: on one line, on many, or in columns.
'use strict'

// Columns for long arrays of short items, as Node's groupArrayElements.
function columns(ctx, out, value) {
  let total = 0
  let longest = 0
  let length = out.length
  if (ctx.maxArrayLength < value.length) length-- // the "more items" text stands alone
  const sizes = new Array(length)
  for (let i = 0; i < length; i++) {
    sizes[i] = width(out[i])
    total += sizes[i] + 2
    if (longest < sizes[i]) longest = sizes[i]
  }
  const most = longest + 2
  if (most * 3 + ctx.indent >= ctx.breakLength || !(total / most > 5 || longest <= 6)) return out
  const bias = Math.sqrt(most - total / out.length)
  const wide = Math.max(most - 3 - bias, 1)
  const count = Math.min(
    Math.round(Math.sqrt(2.5 * wide * length) / wide),
    Math.floor((ctx.breakLength - ctx.indent) / most),
    ctx.compact * 4,
    15,
  )
  if (count <= 1) return out
  const lines = []
  const widths = []
  for (let i = 0; i < count; i++) {
    let w = 0
    for (let j = i; j < length; j += count) if (sizes[j] > w) w = sizes[j]
    widths.push(w + 2)
  }
  const numeric = value !== undefined && value.every(v => typeof v === 'number' || typeof v === 'bigint')
  for (let i = 0; i < length; i += count) {
    const end = Math.min(i + count, length)
    let line = ''
    let j = i
    for (; j < end - 1; j++) {
      const padding = widths[j - i] + out[j].length - sizes[j]
      line += numeric ? `${out[j]}, `.padStart(padding) : `${out[j]}, `.padEnd(padding)
    }
    if (numeric) line += out[j].padStart(widths[j - i] + out[j].length - sizes[j] - 2)
    else line += out[j]
    lines.push(line)
  }
  if (ctx.maxArrayLength < value.length) lines.push(out[length])
  return lines
}

function width(text) {
  let n = 0
  for (const c of text) {
    const at = c.codePointAt(0)
    if (at >= 0x300 && at <= 0x36f || at === 0x200b) continue
    n += at >= 0x1100 && (at <= 0x115f || at >= 0x2e80 && at <= 0xa4cf || at >= 0xac00 && at <= 0xd7a3 || at >= 0xf900 && at <= 0xfaff || at >= 0xfe30 && at <= 0xfe6f || at >= 0xff00 && at <= 0xff60 || at >= 0xffe0 && at <= 0xffe6 || at >= 0x1f300 && at <= 0x1faff || at >= 0x20000 && at <= 0x3fffd) ? 2 : 1
  }
  return n
}

function join(ctx, out, base, open, close, array, depth, value) {
  if (ctx.compact !== true) {
    const entries = out.length
    if (array && entries > 6) out = columns(ctx, out, value)
    if (ctx.depthNow - depth < ctx.compact && entries === out.length) {
      const start = out.length + ctx.indent + open.length + base.length + 10
      if (fits(ctx, out, start, base)) {
        const text = out.join(', ')
        if (!text.includes('\n')) return `${base ? `${base} ` : ''}${open} ${text} ${close}`
      }
    }
    const gap = `\n${' '.repeat(ctx.indent)}`
    return `${base ? `${base} ` : ''}${open}${gap}  ${out.join(`,${gap}  `)}${gap}${close}`
  }
  if (fits(ctx, out, 0, base)) return `${open}${base ? ` ${base}` : ''} ${out.join(', ')} ${close}`
  const gap = `\n${' '.repeat(ctx.indent)}`
  return `${base ? `${base} ` : ''}${open}${gap}  ${out.join(`,${gap}  `)}${gap}${close}`
}

function fits(ctx, out, start, base) {
  let total = out.length + start
  if (total + out.length > ctx.breakLength) return false
  for (const s of out) {
    total += s.length
    if (total > ctx.breakLength) return false
  }
  return base === '' || !base.includes('\n')
}

module.exports = { join, width }
