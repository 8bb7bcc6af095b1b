'use strict'

const names = {
  en: {
    months: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
    days: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
  },
  zh: { days: ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'], short: ['周日', '周一', '周二', '周三', '周四', '周五', '周六'], narrow: ['日', '一', '二', '三', '四', '五', '六'] },
}

const dateKeys = ['weekday', 'year', 'month', 'day']
const timeKeys = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits']

const dateStyles = {
  full: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  long: { year: 'numeric', month: 'long', day: 'numeric' },
  medium: { year: 'numeric', month: 'short', day: 'numeric' },
  short: { year: '2-digit', month: 'numeric', day: 'numeric' },
}
const timeStyles = {
  full: { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'long' },
  long: { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
  medium: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
  short: { hour: 'numeric', minute: '2-digit' },
}

// The options with what they leave open: need says which parts must be there
// for nothing to be filled in, fill what is filled in.
exports.datePatterns = function datePatterns(options, need, fill) {
  const o = { ...options }
  if (o.dateStyle !== undefined || o.timeStyle !== undefined) return o
  const has = keys => keys.some(k => o[k] !== undefined)
  const open = !((need !== 'time' && has(dateKeys)) || (need !== 'date' && has(timeKeys)))
  if (open && fill !== 'time') Object.assign(o, { year: 'numeric', month: 'numeric', day: 'numeric' })
  if (open && fill !== 'date') Object.assign(o, { hour: 'numeric', minute: 'numeric', second: 'numeric' })
  return o
}

const pad = (n, width = 2) => String(n).padStart(width, '0')
const literal = value => ({ type: 'literal', value })

function joined(lists, separator) {
  const out = []
  for (const list of lists) {
    if (list.length === 0) continue
    if (out.length > 0) out.push(literal(separator))
    out.push(...list)
  }
  return out
}

const year = (f, o) => ({ type: 'year', value: o.year === '2-digit' ? pad(f[0] % 100) : String(f[0]) })
const day = (f, o) => ({ type: 'day', value: o.day === '2-digit' ? pad(f[2]) : String(f[2]) })
const isText = o => o.month === 'long' || o.month === 'short' || o.month === 'narrow'

function english(f, o, style) {
  const month = () => {
    const name = names.en.months[f[1] - 1]
    const value = { long: name, short: name.slice(0, 3), narrow: name[0], '2-digit': pad(f[1]) }[o.month] ?? String(f[1])
    return { type: 'month', value }
  }
  const weekday = []
  if (o.weekday) {
    const name = names.en.days[f[7]]
    weekday.push({ type: 'weekday', value: o.weekday === 'long' ? name : o.weekday === 'short' ? name.slice(0, 3) : name[0] })
  }
  if (!isText(o)) {
    const parts = [o.month && [month()], o.day && [day(f, o)], o.year && [year(f, style ? { year: '2-digit' } : o)]].filter(Boolean)
    if (weekday.length > 0 && parts.length === 1 && o.day && !o.month) return [...parts[0], literal(' '), ...weekday]
    return joined([weekday, joined(parts, '/')], ', ')
  }
  const monthDay = o.day ? [month(), literal(' '), day(f, o)] : [month()]
  return joined([weekday, joined([monthDay, o.year ? [year(f, o)] : []], o.day ? ', ' : ' ')], ', ')
}

function chinese(f, o) {
  const weekday = o.weekday ? [{ type: 'weekday', value: o.weekday === 'long' ? names.zh.days[f[7]] : o.weekday === 'short' ? names.zh.short[f[7]] : names.zh.narrow[f[7]] }] : []
  const full = o.year && o.month && o.day
  if (isText(o) || !full && !(o.month && o.day)) {
    const out = []
    if (o.year) out.push(year(f, o), literal('年'))
    // Names and numbers of months are the same but for their type.
    if (o.month) out.push({ type: 'month', value: `${o.month === '2-digit' ? pad(f[1]) : f[1]}${isText(o) ? '月' : ''}` }, ...(isText(o) ? [] : [literal('月')]))
    if (o.day) out.push(day(f, o), literal('日'))
    return [...out, ...weekday]
  }
  const month = { type: 'month', value: o.month === '2-digit' ? pad(f[1]) : String(f[1]) }
  return [...joined([o.year ? [year(f, { ...o, year: o.year === '2-digit' ? '2-digit' : 'numeric' })] : [], [month], [day(f, o)]], '/'), ...weekday]
}

function clock(f, o, zh) {
  if (o.hour === undefined && o.minute === undefined && o.second === undefined && o.fractionalSecondDigits === undefined) return []
  const cycle = o.hourCycle ?? (o.hour12 === undefined ? undefined : o.hour12 ? 'h12' : 'h23')
  const twelve = o.hour12 ?? (cycle ? cycle === 'h12' || cycle === 'h11' : !zh)
  const parts = []
  const several = o.minute !== undefined || o.second !== undefined
  if (o.hour !== undefined) {
    let h = f[3]
    if (twelve) h = cycle === 'h11' ? h % 12 : h % 12 || 12
    else if (cycle === 'h24') h = h || 24
    parts.push([{ type: 'hour', value: o.hour === '2-digit' || !twelve && (several || !zh) || !twelve && zh ? pad(h) : String(h) }])
  }
  if (o.minute !== undefined) parts.push([{ type: 'minute', value: parts.length > 0 || o.second !== undefined || o.minute === '2-digit' && several && o.hour !== undefined ? pad(f[4]) : String(f[4]) }])
  if (o.second !== undefined || o.fractionalSecondDigits !== undefined) {
    const seconds = [{ type: 'second', value: parts.length > 0 ? pad(f[5]) : String(f[5]) }]
    if (o.fractionalSecondDigits) seconds.push(literal('.'), { type: 'fractionalSecond', value: pad(f[6], 3).slice(0, o.fractionalSecondDigits) })
    parts.push(seconds)
  }
  const out = joined(parts, ':')
  if (o.hour === undefined) return out
  if (!twelve) return zh && !several ? [...out, literal('时')] : out
  if (zh) return [{ type: 'dayPeriod', value: f[3] < 12 ? '上午' : '下午' }, ...out, ...(several ? [] : [literal('时')])]
  return [...out, literal(' '), { type: 'dayPeriod', value: f[3] < 12 ? 'AM' : 'PM' }]
}

function zoneText(f, o, zh, zone) {
  if (!o.timeZoneName) return undefined
  const offset = f[8]
  const sign = offset < 0 ? '-' : '+'
  const minutes = Math.abs(offset) % 60
  const hours = Math.trunc(Math.abs(offset) / 60)
  if (offset === 0 && /^(UTC|Etc\/UTC)$/.test(zone)) return o.timeZoneName.startsWith('long') ? (zh ? '协调世界时' : 'Coordinated Universal Time') : 'UTC'
  if (o.timeZoneName === 'long') {
    const known = { 'Asia/Shanghai': ['中国标准时间', 'China Standard Time'], 'Asia/Tokyo': ['日本标准时间', 'Japan Standard Time'] }[zone]
    if (known) return known[zh ? 0 : 1]
  }
  if (!zh && o.timeZoneName === 'short' && /^America\//.test(zone) && /^[A-Z]{3,4}$/.test(f[9])) return f[9]
  if (o.timeZoneName.startsWith('long')) return `GMT${sign}${pad(hours)}:${pad(minutes)}`
  return offset === 0 ? 'GMT' : `GMT${sign}${hours}${minutes ? `:${pad(minutes)}` : ''}`
}

// The parts of a date. fields is what the host says of the instant.
exports.formatDate = function formatDate(fields, options, zh, zone) {
  const f = Array.from(fields)
  const o = { ...options, ...dateStyles[options.dateStyle], ...timeStyles[options.timeStyle] }
  let dates = []
  if (o.weekday || o.year || o.month || o.day) {
    const short = zh && options.dateStyle === 'short' ? { ...o, year: 'numeric' } : o
    dates = zh ? chinese(f, short) : english(f, o, options.dateStyle === 'short')
  }
  const times = clock(f, o, zh)
  const name = zoneText(f, o, zh, zone)
  if (name !== undefined) {
    if (times.length === 0) dates.push(literal(zh ? ' ' : ', '), { type: 'timeZoneName', value: name })
    else if (zh) times.unshift({ type: 'timeZoneName', value: name }, literal(' '))
    else times.push(literal(' '), { type: 'timeZoneName', value: name })
  }
  const at = !zh && (options.dateStyle === 'full' || options.dateStyle === 'long') ? ' at ' : zh ? ' ' : ', '
  return joined([dates, times], at)
}
