'use strict'
const assert = require('assert')
const message = f => { try { f(); return 'passed' } catch (e) { return [e.name, e.code, e.operator, e.generatedMessage] } }
module.exports = {
  passes: async () => { assert(1); assert.ok(true); assert.equal(1, '1'); assert.strictEqual('a', 'a'); assert.deepEqual({ a: 1 }, { a: '1' }); assert.deepStrictEqual([1, { b: new Date(0) }], [1, { b: new Date(0) }]); assert.notStrictEqual(1, '1'); assert.notDeepStrictEqual([1], ['1']); assert.throws(() => { throw new TypeError('x') }, TypeError); assert.throws(() => { throw new Error('hello') }, /hello/); assert.throws(() => { throw Object.assign(new Error('m'), { code: 'C' }) }, { code: 'C', message: 'm' }); assert.doesNotThrow(() => {}); await assert.rejects(Promise.reject(new Error('x')), /x/); await assert.doesNotReject(async () => 1); assert.match('abc', /b/); assert.ifError(null); return 'ok' },
  'ok fails': () => message(() => assert(0)),
  'equal fails': () => message(() => assert.equal(1, 2)),
  'strictEqual fails': () => message(() => assert.strictEqual(1, '1')),
  'strictEqual text': () => { try { assert.strictEqual(1, 2) } catch (e) { return e.message } },
  'equal text': () => { try { assert.equal(1, 2) } catch (e) { return e.message } },
  'deepStrictEqual fails': () => message(() => assert.deepStrictEqual({ a: 1 }, { a: 2 })),
  'own text': () => { try { assert.deepEqual(1, 2, 'mine') } catch (e) { return [e.message.split('\n')[0], e.generatedMessage] } },
  'own error': () => assert.strictEqual(1, 2, new RangeError('own')),
  fail: () => message(() => assert.fail('no')),
  'throws without a throw': () => message(() => assert.throws(() => {})),
  'throws the wrong one': () => assert.throws(() => { throw new RangeError('r') }, TypeError),
  'throws the wrong members': () => message(() => assert.throws(() => { throw new Error('a') }, { message: 'b' })),
  'rejects without a rejection': async () => { try { await assert.rejects(async () => 1) } catch (e) { return [e.code, e.message] } },
  'ifError': () => message(() => assert.ifError(new Error('x'))),
  strict: () => message(() => assert.strict.equal(1, '1')),
  'loose and strict': () => [message(() => assert.deepEqual([1, 2], [1, 2])), message(() => assert.notEqual(1, 1)), message(() => assert.notDeepEqual({ a: 1 }, { a: 1 }))],
  'a promise is no function': () => assert.throws('no'),
}
