// Node's errors: a class, a code and its wording.
'use strict'

const { inspect } = require('internal/inspect')

function coded(Base, code, message, members) {
  const e = new Base(message)
  // The code shows in the head of the stack, as Node writes it, not in name.
  e.code = code
  const stack = e.stack
  if (typeof stack === 'string') {
    Object.defineProperty(e, 'stack', { value: stack.replace(/^(\w+)/, `$1 [${code}]`), writable: true, configurable: true, enumerable: false })
  }
  return members ? Object.assign(e, members) : e
}

function received(v) {
  if (v === null || v === undefined) return ` Received ${v}`
  if (typeof v === 'function') return ` Received function ${v.name}`
  if (typeof v === 'object') {
    if (v.constructor?.name) return ` Received an instance of ${v.constructor.name}`
    return ` Received ${inspect(v, { depth: -1 })}`
  }
  let text = inspect(v)
  if (text.length > 28) text = text.slice(0, 25) + '...'
  return ` Received type ${typeof v} (${text})`
}

const named = name => (name.endsWith(' argument') ? `The ${name}` : `The "${name}" ${name.includes('.') ? 'property' : 'argument'}`)

exports.coded = coded
exports.invalidArgType = (name, expected, actual) => coded(TypeError, 'ERR_INVALID_ARG_TYPE', `${named(name)} must be ${expected}.${received(actual)}`)
exports.invalidArgValue = (name, value, reason = 'is invalid') => coded(TypeError, 'ERR_INVALID_ARG_VALUE', `${named(name)} ${reason}. Received ${inspect(value)}`)
exports.outOfRange = (name, expected, actual) => coded(RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range. It must be ${expected}. Received ${typeof actual === 'string' ? actual : inspect(actual)}`)
exports.notAvailable = name => coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${name} is not available in cloud functions`)

// withoutFunctions gives a module functions that fail when they are called.
exports.withoutFunctions = (module, name, functions) => {
  for (const f of functions) {
    module[f] = { [f]() { throw exports.notAvailable(`${name}.${f}`) } }[f]
  }
  return module
}

exports.systemErrors = {
  1: 'EPERM', 2: 'ENOENT', 4: 'EINTR', 5: 'EIO', 9: 'EBADF', 11: 'EAGAIN', 12: 'ENOMEM', 13: 'EACCES', 16: 'EBUSY', 17: 'EEXIST', 18: 'EXDEV', 20: 'ENOTDIR',
  21: 'EISDIR', 22: 'EINVAL', 24: 'EMFILE', 27: 'EFBIG', 28: 'ENOSPC', 30: 'EROFS', 32: 'EPIPE', 36: 'ENAMETOOLONG', 39: 'ENOTEMPTY', 40: 'ELOOP',
  98: 'EADDRINUSE', 104: 'ECONNRESET', 110: 'ETIMEDOUT', 111: 'ECONNREFUSED', 113: 'EHOSTUNREACH',
}
