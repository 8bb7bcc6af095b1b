// What a call leaves behind is logged, and fails nobody else's call.
// event: {"n":1}
// result: "first"
// event: {"n":2}
// result: "second"
// event: {"n":3}
// result: "third"
let calls = 0
exports.main = async () => {
  if (calls++ > 0) {
    await new Promise(r => setTimeout(r, 10))
    return calls === 2 ? 'second' : 'third'
  }
  setTimeout(() => { throw new Error('left behind') }, 1)
  setTimeout(() => Promise.reject(new Error('left too')), 1)
  return 'first'
}
