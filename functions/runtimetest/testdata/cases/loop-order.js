// Node's order: the running code, microtasks, then replies and immediates, then timers.
// result: ["sync","tick","promise","micro","awaited","immediate","timer 20","timer 30"]
exports.main = async () => {
  const got = []
  const done = new Promise(r => setTimeout(() => { got.push('timer 30'); r() }, 60))
  setTimeout(() => got.push('timer 20'), 40)
  setImmediate(() => got.push('immediate'))
  process.nextTick(() => got.push('tick'))
  Promise.resolve().then(() => got.push('promise'))
  queueMicrotask(() => got.push('micro'))
  got.push('sync')
  await null
  got.push('awaited')
  await done
  return got
}
