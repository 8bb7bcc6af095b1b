// Intl for Chinese and English: dates, numbers, the order of words. Other
// locales get English forms.
'use strict'

const { formatDate, datePatterns } = require('internal/intl_dates')
const { formatNumber, numberOptions } = require('internal/intl_numbers')

function localeOf(locales) {
  const wanted = Array.isArray(locales) ? locales[0] : locales
  if (wanted === undefined) return 'en-US'
  if (typeof wanted !== 'string') {
    if (wanted !== null && typeof wanted === 'object') return String(wanted)
    throw new TypeError('Incorrect locale information provided')
  }
  if (!/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/.test(wanted)) throw new RangeError(`Incorrect locale information provided`)
  return wanted.replace(/_/g, '-')
}

const isChinese = locale => /^zh\b/i.test(locale)
const supportedLocalesOf = locales => [locales].flat().filter(l => l !== undefined).map(localeOf)

class DateTimeFormat {
  #locale
  #options
  constructor(locales, options) {
    this.#locale = localeOf(locales)
    this.#options = datePatterns(options, 'any', 'date')
    if (options?.timeZone !== undefined && !host.isZone(String(options.timeZone))) throw new RangeError(`Invalid time zone specified: ${options.timeZone}`)
    // The method is handed around on its own.
    const format = date => this.formatToParts(date).map(p => p.value).join('')
    Object.defineProperty(this, 'format', { value: format, configurable: true, writable: true })
  }
  formatToParts(date) {
    const ms = date === undefined ? Date.now() : Number(date)
    if (!Number.isFinite(ms)) throw new RangeError('Invalid time value')
    const zone = this.#options.timeZone ?? host.here()
    return formatDate(host.fields(ms, String(zone)), this.#options, isChinese(this.#locale), String(zone))
  }
  formatRange(from, to) { return `${this.format(from)} – ${this.format(to)}` }
  resolvedOptions() {
    const { timeZone, ...rest } = this.#options
    return { locale: this.#locale, calendar: 'gregory', numberingSystem: 'latn', timeZone: timeZone ?? host.here(), ...rest }
  }
  static supportedLocalesOf = supportedLocalesOf
  get [Symbol.toStringTag]() { return 'Intl.DateTimeFormat' }
}

class NumberFormat {
  #locale
  #options
  constructor(locales, options) {
    this.#locale = localeOf(locales)
    this.#options = numberOptions(options)
    const format = n => this.formatToParts(n).map(p => p.value).join('')
    Object.defineProperty(this, 'format', { value: format, configurable: true, writable: true })
  }
  formatToParts(n) { return formatNumber(n, this.#options, isChinese(this.#locale)) }
  resolvedOptions() { return { locale: this.#locale, numberingSystem: 'latn', ...this.#options } }
  static supportedLocalesOf = supportedLocalesOf
  get [Symbol.toStringTag]() { return 'Intl.NumberFormat' }
}

class Collator {
  #locale
  #options
  constructor(locales, options = {}) {
    this.#locale = localeOf(locales)
    this.#options = { numeric: Boolean(options.numeric) || /-u(-\w+)*-kn/.test(this.#locale), sensitivity: options.sensitivity ?? 'variant' }
    const compare = (a, b) => host.compare(String(a), String(b), this.#locale, this.#options.numeric, this.#options.sensitivity === 'base' || this.#options.sensitivity === 'accent')
    Object.defineProperty(this, 'compare', { value: compare, configurable: true, writable: true })
  }
  resolvedOptions() { return { locale: this.#locale, usage: 'sort', ignorePunctuation: false, collation: 'default', caseFirst: 'false', ...this.#options } }
  static supportedLocalesOf = supportedLocalesOf
  get [Symbol.toStringTag]() { return 'Intl.Collator' }
}

class PluralRules {
  #locale
  #type
  constructor(locales, options) {
    this.#locale = localeOf(locales)
    this.#type = options?.type ?? 'cardinal'
  }
  select(n) {
    if (isChinese(this.#locale)) return 'other'
    if (this.#type === 'cardinal') return Number(n) === 1 ? 'one' : 'other'
    const [tens, ones] = [Math.abs(n) % 100, Math.abs(n) % 10]
    if (ones === 1 && tens !== 11) return 'one'
    if (ones === 2 && tens !== 12) return 'two'
    return ones === 3 && tens !== 13 ? 'few' : 'other'
  }
  resolvedOptions() { return { locale: this.#locale, type: this.#type } }
  static supportedLocalesOf = supportedLocalesOf
}

// Constructors may be called without new, except PluralRules.
const callable = Class => {
  function f(...args) { return Reflect.construct(Class, args, new.target ?? Class) }
  f.prototype = Class.prototype
  f.supportedLocalesOf = supportedLocalesOf
  return Object.defineProperty(f, 'name', { value: Class.name })
}

const Intl = {
  DateTimeFormat: callable(DateTimeFormat),
  NumberFormat: callable(NumberFormat),
  Collator: callable(Collator),
  PluralRules,
  getCanonicalLocales: supportedLocalesOf,
  supportedValuesOf: () => [],
}
for (const name of Object.keys(Intl)) Object.defineProperty(Intl, name, { enumerable: false })
Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true })
for (const name of ['DateTimeFormat', 'NumberFormat', 'Collator']) Object.defineProperty(Intl[name].prototype, 'constructor', { value: Intl[name], writable: true, configurable: true })

// The methods of dates, numbers and strings that ask for a locale.
function date(self, locales, options, need, fill) {
  const ms = Date.prototype.getTime.call(self)
  if (Number.isNaN(ms)) return 'Invalid Date'
  return new DateTimeFormat(locales, datePatterns(options, need, fill)).format(ms)
}

exports.Intl = Intl
exports.dateText = date
exports.numberText = (n, locales, options) => new NumberFormat(locales, options).format(n)
exports.compare = (a, b, locales, options) => new Collator(locales, options).compare(a, b)
