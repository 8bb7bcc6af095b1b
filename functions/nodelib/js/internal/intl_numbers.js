'use strict'

const symbols = {
  zh: { CNY: '¥', USD: 'US$', EUR: '€', GBP: '£', JPY: 'JP¥', HKD: 'HK$', TWD: 'NT$', KRW: '￦' },
  en: { CNY: 'CN¥', USD: '$', EUR: '€', GBP: '£', JPY: '¥', HKD: 'HK$', TWD: 'NT$', KRW: '₩' },
}
const noCents = new Set(['JPY', 'KRW', 'VND'])

exports.numberOptions = function numberOptions(options) {
  const o = { style: 'decimal', ...options }
  if (o.style === 'currency') {
    if (o.currency === undefined) throw new TypeError('Currency code is required with currency style.')
    o.currency = String(o.currency).toUpperCase()
  }
  const digits = (name, low, high) => {
    if (o[name] === undefined) return
    const n = Number(o[name])
    if (!(n >= low && n <= high)) throw new RangeError(`${name} value is out of range.`)
    o[name] = Math.trunc(n)
  }
  digits('minimumIntegerDigits', 1, 21)
  digits('minimumFractionDigits', 0, 100)
  digits('maximumFractionDigits', 0, 100)
  digits('minimumSignificantDigits', 1, 21)
  digits('maximumSignificantDigits', 1, 21)
  const cents = o.style === 'currency' ? (noCents.has(o.currency) ? 0 : 2) : 0
  const least = o.minimumFractionDigits ?? (o.maximumFractionDigits === undefined ? cents : Math.min(cents, o.maximumFractionDigits))
  const most = o.maximumFractionDigits ?? Math.max(o.style === 'currency' ? cents : o.style === 'percent' ? 0 : o.notation === 'compact' ? 0 : 3, least)
  if (least > most) throw new RangeError('maximumFractionDigits value is out of range.')
  return { useGrouping: true, minimumIntegerDigits: 1, ...o, minimumFractionDigits: least, maximumFractionDigits: most }
}

// A number's shortest decimal form as digits and the place of its point.
function decimal(n) {
  const [mantissa, exponent = '0'] = String(n).split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  return { digits: whole + fraction, point: whole.length + Number(exponent) }
}

// Rounds half away from zero to a number of digits behind the point.
function round({ digits, point }, places) {
  const keep = point + places
  if (keep >= digits.length) return { digits, point }
  if (keep < 0) return { digits: '0', point: 1 }
  const up = digits[keep] >= '5' ? 1n : 0n
  let kept = String(BigInt(digits.slice(0, keep) || '0') + up)
  kept = kept.padStart(keep, '0')
  return { digits: kept === '' ? '0' : kept, point: point + kept.length - keep }
}

function split({ digits, point }) {
  if (point <= 0) return ['0', '0'.repeat(-point) + digits]
  return [digits.slice(0, point).padEnd(point, '0'), digits.slice(point)]
}

function compact(n, zh) {
  const steps = zh ? [[1e8, '亿'], [1e4, '万']] : [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'K']]
  for (const [size, name] of steps) if (n >= size) return [n / size, name]
  return [n, '']
}

function magnitude(value, o, zh) {
  let n = value
  let suffix = ''
  if (o.style === 'percent') n = typeof n === 'bigint' ? n * 100n : Number((n * 100).toPrecision(15))
  let places = o.maximumFractionDigits
  if (o.notation === 'compact') {
    ;[n, suffix] = compact(Number(n), zh)
    if (o.maximumFractionDigits === 0) places = n < 100 ? Math.max(0, 2 - String(Math.trunc(n)).length) : 0
  }
  let d = decimal(n)
  if (o.maximumSignificantDigits !== undefined || o.minimumSignificantDigits !== undefined) {
    const lead = /^0*/.exec(d.digits)[0].length
    places = (o.maximumSignificantDigits ?? 21) - (d.point - lead)
  }
  d = round(d, places)
  let [whole, fraction] = split(d)
  fraction = fraction.slice(0, Math.max(0, places)).replace(/0+$/, '')
  if (o.minimumSignificantDigits !== undefined) fraction = fraction.padEnd(Math.max(0, o.minimumSignificantDigits - whole.replace(/^0+/, '').length), '0')
  else if (o.maximumSignificantDigits === undefined) fraction = fraction.padEnd(o.minimumFractionDigits, '0')
  whole = whole.replace(/^0+(?=\d)/, '').padStart(o.minimumIntegerDigits, '0')
  return { whole, fraction, suffix }
}

exports.formatNumber = function formatNumber(input, o, zh) {
  const value = typeof input === 'bigint' ? input : Number(input)
  const negative = value < 0 || Object.is(value, -0)
  const parts = []
  if (Number.isNaN(value)) parts.push({ type: 'nan', value: 'NaN' })
  else if (value === Infinity || value === -Infinity) parts.push({ type: 'infinity', value: '∞' })
  else {
    const { whole, fraction, suffix } = magnitude(value < 0 ? -value : value, o, zh)
    const grouped = o.useGrouping === false || o.useGrouping === 'false' || (o.notation === 'compact' && whole.length < 5) ? [whole] : whole.split(/(?=(?:\d{3})+$)/)
    grouped.forEach((g, i) => parts.push(...(i > 0 ? [{ type: 'group', value: ',' }] : []), { type: 'integer', value: g }))
    if (fraction !== '') parts.push({ type: 'decimal', value: '.' }, { type: 'fraction', value: fraction })
    if (suffix !== '') parts.push({ type: 'compact', value: suffix })
  }
  if (o.style === 'percent') parts.push({ type: 'percentSign', value: '%' })
  if (o.style === 'currency') {
    if (o.currencyDisplay === 'name') parts.push({ type: 'literal', value: ' ' }, { type: 'currency', value: o.currency })
    else {
      const symbol = o.currencyDisplay === 'code' ? o.currency + '\u00a0' : o.currencyDisplay === 'narrowSymbol' ? (symbols.en[o.currency] ?? o.currency).replace(/^(CN|US|HK|NT|JP)(?=[¥$])/, '') : symbols[zh ? 'zh' : 'en'][o.currency] ?? o.currency + '\u00a0'
      parts.unshift({ type: 'currency', value: symbol })
    }
  }
  if (o.style === 'unit' && o.unit) parts.push({ type: 'literal', value: ' ' }, { type: 'unit', value: o.unit })
  const sign = o.signDisplay ?? 'auto'
  const zero = value == 0
  if (negative && sign !== 'never' && !(zero && (sign === 'exceptZero' || sign === 'negative'))) parts.unshift({ type: 'minusSign', value: '-' })
  else if (!negative && (sign === 'always' || (sign === 'exceptZero' && !zero))) parts.unshift({ type: 'plusSign', value: '+' })
  return parts
}
