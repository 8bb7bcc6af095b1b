// Runs the cases of one file and describes what came of each. Node records the
// expectation with it (record.mjs); an engine is held against that.
'use strict'

function shown(v) {
  if (v === undefined) return '[undefined]'
  if (typeof v === 'bigint' || typeof v === 'symbol' || typeof v === 'function') return `[${typeof v} ${String(v)}]`
  if (typeof v === 'number' && !Number.isFinite(v)) return `[${v}]`
  return v
}

function failure(e) {
  if (e === null || typeof e !== 'object') return { thrown: shown(e) }
  return e.code === undefined ? { name: e.name } : { name: e.name, code: e.code }
}

exports.run = async function run(cases) {
  const results = {}
  for (const name of Object.keys(cases)) {
    try {
      results[name] = { value: shown(await cases[name]()) }
    } catch (e) {
      results[name] = { error: failure(e) }
    }
  }
  return results
}
