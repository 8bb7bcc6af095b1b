// What a function does to the language's own objects is its own affair; the
// runtime goes on.
// event: {"a":{"b":1}}
// result: {"sum":3,"parsed":{"x":1},"text":"{\"y\":2}","path":"a/b","buffer":"hi","timer":true}
// log: log { a: { b: 1 } } [ 1, 2 ] text
const BetterPromise = class BetterPromise extends Promise {}
globalThis.Promise = BetterPromise
Object.defineProperty(Object.prototype, 'a', { set() { throw new Error('the setter was asked') }, get() { return undefined }, configurable: true })
Array.prototype.extra = function () {}
Object.prototype.polluted = 'yes'
String.prototype.trim = () => 'trimmed'
Function.prototype.call2 = Function.prototype.call
Map.prototype.get2 = Map.prototype.get
JSON.parse2 = JSON.parse
Date.now = () => 0
Math.random = () => 0.5

exports.main = async event => {
  console.log(event, [1, 2], 'text')
  const timer = await new Promise(r => setTimeout(() => r(true), 1))
  return {
    sum: [1, 2].reduce((a, b) => a + b),
    parsed: JSON.parse('{"x":1}'),
    text: JSON.stringify({ y: 2 }),
    path: require('path').join('a', 'b'),
    buffer: Buffer.from('hi').toString(),
    timer,
  }
}
