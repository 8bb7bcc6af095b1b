// event: {"a":1,"b":2}
// result: {"sum":3}
// log: log adding 1 2
exports.main = async event => {
  console.log('adding', event.a, event.b)
  return { sum: event.a + event.b }
}
