'use strict'

const timers = require('timers')

function aborted(signal) {
  const e = new Error('The operation was aborted', { cause: signal.reason })
  e.name = 'AbortError'
  e.code = 'ABORT_ERR'
  return e
}

function promised(start, stop, { signal, ref = true } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal))
    const onAbort = () => { stop(timer); reject(aborted(signal)) }
    const timer = start(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    if (!ref) timer.unref()
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

exports.setTimeout = (ms, value, options) => promised(f => timers.setTimeout(f, ms), timers.clearTimeout, options).then(() => value)
exports.setImmediate = (value, options) => promised(timers.setImmediate, timers.clearImmediate, options).then(() => value)
exports.setInterval = (ms, value, options) => ({
  next: () => exports.setTimeout(ms, value, options).then(value => ({ done: false, value })),
  return: value => Promise.resolve({ done: true, value }),
  [Symbol.asyncIterator]() { return this },
})
exports.scheduler = {
  wait: (ms, options) => exports.setTimeout(ms, undefined, options),
  yield: () => exports.setImmediate(),
}
