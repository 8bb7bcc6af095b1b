'use strict'

const { inspect } = require('internal/inspect')
const { equal } = require('internal/equal')
const { invalidArgType } = require('internal/errors')

class AssertionError extends Error {
  constructor({ message, actual, expected, operator, stackStartFn }) {
    super(message !== undefined ? String(message) : describe(actual, expected, operator))
    this.generatedMessage = message === undefined
    this.code = 'ERR_ASSERTION'
    this.actual = actual
    this.expected = expected
    this.operator = operator
    Object.defineProperty(this, 'name', { value: 'AssertionError', writable: true, configurable: true })
  }
  toString() { return `${this.name} [${this.code}]: ${this.message}` }
}

const headings = {
  deepStrictEqual: 'Expected values to be strictly deep-equal:',
  strictEqual: 'Expected values to be strictly equal:',
  deepEqual: 'Expected values to be loosely deep-equal:',
  equal: 'Expected values to be loosely equal:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notEqual: 'Expected "actual" to be loosely unequal to:',
}

const show = v => inspect(v, { depth: 1000, sorted: true, compact: false, maxArrayLength: Infinity, customInspect: false })

function describe(actual, expected, operator) {
  if (operator === '==' || operator === '!=') return `${inspect(actual)} ${operator} ${inspect(expected)}`
  const heading = headings[operator] ?? 'Failed'
  if (operator.startsWith('not')) return `${heading}${show(expected).includes('\n') ? '\n\n' : ' '}${show(expected)}`
  if (operator === 'deepEqual') return `${heading}\n\n${show(actual)}\n\nshould loosely deep-equal\n\n${show(expected)}`
  const a = show(actual)
  const b = show(expected)
  if (!a.includes('\n') && !b.includes('\n') && a !== b) return `${heading}\n\n${a} !== ${b}\n`
  return `${heading}\n+ actual - expected\n\n${diff(a.split('\n'), b.split('\n'))}`
}

function diff(a, b) {
  const out = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push(`  ${a[i++]}`)
      j++
    } else {
      const next = j < b.length ? a.indexOf(b[j], i) : -1
      if (next !== -1 && next > i) while (i < next) out.push(`+ ${a[i++]}`)
      else {
        if (i < a.length) out.push(`+ ${a[i++]}`)
        if (j < b.length) out.push(`- ${b[j++]}`)
      }
    }
  }
  return out.join('\n')
}

function fail(actual, expected, message, operator) {
  if (message instanceof Error) throw message
  throw new AssertionError({ actual, expected, message, operator })
}

function assert(value, message) {
  if (!value) {
    if (arguments.length === 0) message = 'No value argument passed to `assert.ok()`'
    if (message instanceof Error) throw message
    const e = new AssertionError({ actual: value, expected: true, message: message ?? 'The expression evaluated to a falsy value', operator: '==' })
    e.generatedMessage = message === undefined
    throw e
  }
}

function ok(...args) { assert(...args) }

function check(name, test) {
  return function (actual, expected, message) {
    if (!test(actual, expected)) fail(actual, expected, message, name)
  }
}

const looseEqual = (a, b) => a == b || (a !== a && b !== b)

const loose = {
  equal: (a, b, m) => { if (!looseEqual(a, b)) fail(a, b, m, '==') },
  notEqual: (a, b, m) => { if (looseEqual(a, b)) fail(a, b, m, '!=') },
  deepEqual: check('deepEqual', (a, b) => equal(a, b, false)),
  notDeepEqual: check('notDeepEqual', (a, b) => !equal(a, b, false)),
}
const strictly = {
  strictEqual: check('strictEqual', Object.is),
  notStrictEqual: check('notStrictEqual', (a, b) => !Object.is(a, b)),
  deepStrictEqual: check('deepStrictEqual', (a, b) => equal(a, b, true)),
  notDeepStrictEqual: check('notDeepStrictEqual', (a, b) => !equal(a, b, true)),
}

function matches(error, expected, message, fn) {
  if (expected === undefined || expected === null) return
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return
    if (expected === Error || Error.isPrototypeOf(expected)) {
      fail(error, expected, message ?? `The error is expected to be an instance of "${expected.name}". Received "${error?.constructor?.name ?? typeof error}"\n\nError message:\n\n${error?.message}`, fn)
    }
    if (expected.call({}, error) === true) return
    fail(error, expected, message ?? `The ${expected.name ? `"${expected.name}" ` : ''}validation function is expected to return "true". Received ${inspect(expected.call({}, error))}\n\nCaught error:\n\n${error}`, fn)
  }
  if (expected instanceof RegExp) {
    if (expected.test(String(error))) return
    fail(error, expected, message ?? `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`, fn)
  }
  if (typeof expected !== 'object') throw invalidArgType('expected', 'of type function or an instance of Error, RegExp, or Object', expected)
  const keys = Object.keys(expected)
  if (expected instanceof Error) keys.push('name', 'message')
  for (const key of keys) {
    const want = expected[key]
    if (want instanceof RegExp && typeof error?.[key] === 'string' ? want.test(error[key]) : equal(error?.[key], want, true)) continue
    const e = new AssertionError({ actual: error, expected, message: message ?? describe(error?.[key], want, 'deepStrictEqual'), operator: fn })
    e.generatedMessage = message === undefined
    throw e
  }
}

function caught(fn) {
  if (typeof fn !== 'function') throw invalidArgType('fn', 'of type function', fn)
  try { fn() } catch (e) { return { error: e } }
}

async function rejected(promise) {
  if (typeof promise === 'function') promise = promise()
  if (typeof promise?.then !== 'function') throw invalidArgType('promiseFn', 'of type function or an instance of Promise', promise)
  try { await promise } catch (e) { return { error: e } }
}

function expectFailure(got, expected, message, fn, what) {
  if (typeof expected === 'string') {
    message = expected
    expected = undefined
  }
  if (!got) {
    const name = expected?.name ? ` (${expected.name})` : ''
    fail(undefined, expected, `Missing expected ${what}${name}${message ? `: ${message}` : '.'}`, fn)
  }
  matches(got.error, expected, message, fn)
}

function expectNone(got, expected, message, fn, what) {
  if (!got) return
  if (typeof expected === 'string') message = expected
  fail(got.error, expected, `Got unwanted ${what}${message ? `: ${message}` : '.'}\nActual message: "${got.error?.message}"`, fn)
}

Object.assign(assert, loose, strictly, {
  ok,
  AssertionError,
  fail(message = 'Failed') {
    if (message instanceof Error) throw message
    throw new AssertionError({ message, operator: 'fail' })
  },
  ifError(value) {
    if (value === null || value === undefined) return
    throw new AssertionError({ message: `ifError got unwanted exception: ${value?.message ?? inspect(value)}`, actual: value, expected: null, operator: 'ifError' })
  },
  throws(fn, expected, message) { expectFailure(caught(fn), expected, message, 'throws', 'exception') },
  doesNotThrow(fn, expected, message) { expectNone(caught(fn), expected, message, 'doesNotThrow', 'exception') },
  async rejects(promise, expected, message) { expectFailure(await rejected(promise), expected, message, 'rejects', 'rejection') },
  async doesNotReject(promise, expected, message) { expectNone(await rejected(promise), expected, message, 'doesNotReject', 'rejection') },
  match(text, re, message) {
    if (typeof text !== 'string' || !re.test(text)) fail(text, re, message ?? `The input did not match the regular expression ${inspect(re)}. Input:\n\n${inspect(text)}\n`, 'match')
  },
  doesNotMatch(text, re, message) {
    if (typeof text === 'string' && re.test(text)) fail(text, re, message ?? `The input was expected to not match the regular expression ${inspect(re)}. Input:\n\n${inspect(text)}\n`, 'doesNotMatch')
  },
})

const strict = Object.assign((...args) => assert(...args), assert, strictly, {
  equal: strictly.strictEqual,
  notEqual: strictly.notStrictEqual,
  deepEqual: strictly.deepStrictEqual,
  notDeepEqual: strictly.notDeepStrictEqual,
})
strict.strict = strict
assert.strict = strict

module.exports = assert
