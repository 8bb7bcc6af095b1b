// Node's order: the running code, microtasks, then immediates; timers by their time.
// result: ["sync","tick","promise","micro","awaited","immediate","timer 1","timer 2"]
exports.main = async () => {
  const got = []
  const immediate = new Promise(r => setImmediate(() => { got.push('immediate'); r() }))
  process.nextTick(() => got.push('tick'))
  Promise.resolve().then(() => got.push('promise'))
  queueMicrotask(() => got.push('micro'))
  got.push('sync')
  await null
  got.push('awaited')
  await immediate
  await new Promise(r => {
    setTimeout(() => { got.push('timer 2'); r() }, 20)
    setTimeout(() => got.push('timer 1'), 1)
  })
  return got
}
