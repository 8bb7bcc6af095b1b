// Records what Node answers to testdata/node/*.js, each table in a process of
// its own: node functions/runtimetest/record.mjs
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const self = fileURLToPath(import.meta.url)
const dir = new URL('./testdata/node/', import.meta.url)
const [file] = process.argv.slice(2)

if (file) {
  const require = createRequire(import.meta.url)
  const { run } = require('./testdata/driver.js')
  const results = await run(require(fileURLToPath(new URL(file, dir))))
  const record = { source: `node ${process.version}`, results }
  writeFileSync(new URL(file.replace(/\.js$/, '.json'), dir), JSON.stringify(record, null, 1) + '\n')
} else {
  for (const name of readdirSync(dir).filter(f => f.endsWith('.js')).sort()) execFileSync(process.execPath, ['--no-warnings', self, name], { stdio: 'inherit' })
}
