// event: {"what":"levels"}
// result: undefined
// log: log plain 1 true null undefined
// log: info info
// log: warn warn
// log: error error
// log: debug debug
// log: log
// log: log 50% of %s
// log: log hi Tom, 5 and { a: 1 } rest
// event: {"what":"objects"}
// result: undefined
// log: log { a: 1, b: [ 1, 2 ], c: { d: { e: [Object] } } }
// log: log [ 1, 'two', null ]
// log: log <Buffer 68 69>
// log: log Map(1) { 'k' => 'v' } Set(1) { 1 } 1970-01-01T00:00:00.000Z /a/g
// log: log {\n  a: { b: { c: { d: 1 } } }\n}
// event: {"what":"others"}
// result: undefined
// log: log n: 1
// log: log n: 2
// log: log outer
// log: log   inner\n  lines
// log: log back
// log: warn Assertion failed: x is 5
// log: warn Assertion failed
// log: log default: 1
// log: warn Warning: No such label 'none' for console.time()
// event: {"what":"table"}
// result: undefined
// log: log ┌─────────┬───┬─────┐\n│ (index) │ a │  b  │\n├─────────┼───┼─────┤\n│    0    │ 1 │ 'x' │\n│    1    │ 2 │     │\n└─────────┴───┴─────┘
// log: log ┌─────────┬────────┐\n│ (index) │ Values │\n├─────────┼────────┤\n│    0    │  'a'   │\n│    1    │  'b'   │\n└─────────┴────────┘
// log: log 5
// event: {"what":"streams"}
// result: undefined
// log: log out
// log: error err
// log: log two
// log: log lines
// log: log open end
exports.main = async ({ what }) => {
  switch (what) {
    case 'levels':
      console.log('plain', 1, true, null, undefined)
      console.info('info')
      console.warn('warn')
      console.error('error')
      console.debug('debug')
      console.log()
      console.log('50% of %s')
      console.log('hi %s, %d and %o rest'.replace('%o', '%O'), 'Tom', 5, { a: 1 })
      return
    case 'objects':
      console.log({ a: 1, b: [1, 2], c: { d: { e: { f: 1 } } } })
      console.log([1, 'two', null])
      console.log(Buffer.from('hi'))
      console.log(new Map([['k', 'v']]), new Set([1]), new Date(0), /a/g)
      console.dir({ a: { b: { c: { d: 1 } } } }, { depth: null })
      return
    case 'others': {
      console.count('n')
      console.count('n')
      console.group('outer')
      console.log('inner\nlines')
      console.groupEnd()
      const { log } = console
      log('back')
      console.assert(true, 'no')
      console.assert(false, 'x is %d', 5)
      console.assert(false)
      console.count()
      console.timeEnd('none')
      return
    }
    case 'table':
      console.table([{ a: 1, b: 'x' }, { a: 2 }])
      console.table(['a', 'b'])
      console.table(5)
      return
    case 'streams':
      process.stdout.write('out\n')
      process.stderr.write('err\n')
      process.stdout.write('two\nli')
      process.stdout.write('nes\n')
      process.stdout.write('open ')
      process.stdout.write('end')
  }
}
