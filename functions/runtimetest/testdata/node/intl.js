'use strict'
const d = new Date(Date.UTC(2024, 4, 9, 10, 5, 7, 89))
const night = new Date(Date.UTC(2023, 11, 31, 16, 0, 0))
const tz = 'Asia/Shanghai'
const both = (options, when = d) => ['zh-CN', 'en-US'].map(l => when.toLocaleString(l, { timeZone: tz, ...options }))
module.exports = {
  'dates by default': () => [...both({}), ...both({}, night), d.toLocaleDateString('zh-CN', { timeZone: tz }), d.toLocaleDateString('en-US', { timeZone: tz }), d.toLocaleTimeString('zh-CN', { timeZone: tz }), d.toLocaleTimeString('en-US', { timeZone: tz })],
  'no locale': () => [d.toLocaleString(undefined, { timeZone: 'UTC' }), d.toLocaleDateString(undefined, { timeZone: 'UTC' })],
  'hour cycles': () => [both({ hour12: false }), both({ hour12: true }), both({ hourCycle: 'h23' }, night)],
  'two digits': () => both({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }),
  'date only': () => [both({ year: 'numeric', month: '2-digit', day: '2-digit' }), both({ year: 'numeric', month: 'long', day: 'numeric' }), both({ month: 'short', day: 'numeric' }), both({ year: 'numeric', month: 'long' }), both({ year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' }), both({ month: 'numeric', day: 'numeric' })],
  weekdays: () => [both({ weekday: 'long' }), both({ weekday: 'short' }), both({ year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' }), both({ year: 'numeric', month: 'numeric', day: 'numeric', weekday: 'short' })],
  'time only': () => [both({ hour: '2-digit', minute: '2-digit', hour12: false }), both({ hour: 'numeric', minute: '2-digit' }), both({ hour: 'numeric', minute: 'numeric', second: 'numeric' })],
  styles: () => [both({ dateStyle: 'full', timeStyle: 'short' }), both({ dateStyle: 'long' }), both({ dateStyle: 'medium', timeStyle: 'medium' }), both({ dateStyle: 'short', timeStyle: 'short' })],
  'other zones': () => ['UTC', 'America/New_York', 'Asia/Tokyo', 'Europe/London'].map(timeZone => d.toLocaleString('en-US', { timeZone })),
  'zone names': () => [both({ timeZoneName: 'short' }), d.toLocaleString('en-US', { timeZone: 'UTC', timeZoneName: 'short' }), d.toLocaleString('en-US', { timeZone: 'America/New_York', timeZoneName: 'short' })],
  'unknown zone': () => d.toLocaleString('en-US', { timeZone: 'Mars/Base' }),
  'invalid date': () => [new Date(NaN).toLocaleString(), (() => { try { new Intl.DateTimeFormat('en').format(new Date(NaN)) } catch (e) { return e.name } })()],
  parts: () => new Intl.DateTimeFormat('en-US', { timeZone: tz, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).formatToParts(d).map(p => [p.type, p.value]),
  'parts as dayjs asks': () => new Intl.DateTimeFormat('en-US', { hour12: false, timeZone: tz, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }).formatToParts(d).filter(p => p.type !== 'literal').map(p => [p.type, p.value]),
  'resolved options': () => { const o = new Intl.DateTimeFormat('zh-CN', { timeZone: tz }).resolvedOptions(); return [o.locale, o.timeZone] },
  'format is bound': () => [d].map(new Intl.DateTimeFormat('en-US', { timeZone: tz }).format),
  numbers: () => [1234567.891, 0.1 + 0.2, -5, 1e21, 0, -0, NaN, Infinity, 12345678901234567890n, 0.0001234, 999.9995].map(n => n.toLocaleString('en-US')),
  'number digits': () => [(1.005).toLocaleString('en-US', { maximumFractionDigits: 2 }), (5).toLocaleString('zh-CN', { minimumFractionDigits: 2 }), (1234.5).toLocaleString('en-US', { useGrouping: false }), (7).toLocaleString('en-US', { minimumIntegerDigits: 2 }), (123456).toLocaleString('en-US', { maximumSignificantDigits: 3 }), (0.000567).toLocaleString('en-US', { maximumSignificantDigits: 2 }), (2.5).toLocaleString('en-US', { maximumFractionDigits: 0 })],
  currencies: () => ['CNY', 'USD', 'JPY', 'EUR'].flatMap(currency => ['zh-CN', 'en-US'].map(l => (1234.5).toLocaleString(l, { style: 'currency', currency }))),
  'negative currency': () => (-1234.567).toLocaleString('zh-CN', { style: 'currency', currency: 'CNY' }),
  percents: () => [(0.256).toLocaleString('en-US', { style: 'percent' }), (0.256).toLocaleString('en-US', { style: 'percent', minimumFractionDigits: 1 }), (0.07).toLocaleString('zh-CN', { style: 'percent' })],
  compact: () => [(12345).toLocaleString('zh-CN', { notation: 'compact' }), (1234567).toLocaleString('en-US', { notation: 'compact' }), (999).toLocaleString('en-US', { notation: 'compact' })],
  'number format object': () => { const f = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2 }); return [f.format(1), [1, 2].map(f.format), f.formatToParts(1234).map(p => p.value)] },
  'currency needs a code': () => new Intl.NumberFormat('en', { style: 'currency' }),
  sorting: () => [['北京', '上海', '广州', '安徽'].sort((a, b) => a.localeCompare(b, 'zh-CN')), ['z', 'ä', 'a', 'Z', 'A'].sort((a, b) => a.localeCompare(b)), ['张三', '李四', '王五', '阿明'].sort(new Intl.Collator('zh').compare)],
  'numeric sorting': () => ['10', '9', '2'].sort(new Intl.Collator('en', { numeric: true }).compare),
  'loose comparison': () => ['a'.localeCompare('A', 'en', { sensitivity: 'base' }), 'a'.localeCompare('á', 'en', { sensitivity: 'base' }), Math.sign('a'.localeCompare('b')), 'a'.localeCompare('a')],
  plurals: () => [new Intl.PluralRules('en').select(1), new Intl.PluralRules('en').select(2), new Intl.PluralRules('en', { type: 'ordinal' }).select(22), new Intl.PluralRules('zh').select(1)],
}
