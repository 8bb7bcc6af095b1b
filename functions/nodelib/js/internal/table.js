// console.table as Node draws it.
'use strict'

const { inspect } = require('internal/inspect')

const indexName = '(index)'
const valueName = 'Values'
const cell = v => inspect(v, { depth: v !== null && typeof v === 'object' && !Array.isArray(v) && Object.keys(v).length > 2 ? -1 : 0, maxArrayLength: 3, breakLength: Infinity })

// Wide characters take two columns in a terminal.
function width(text) {
  let n = 0
  for (const c of text) n += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(c) || c > '\uffff' ? 2 : 1
  return n
}

function draw(head, rows) {
  const widths = head.map((h, i) => Math.max(width(h), ...rows.map(r => width(r[i] ?? ''))) + 2)
  const centred = (text, w) => {
    const left = Math.floor((w - width(text)) / 2)
    return ' '.repeat(left) + text + ' '.repeat(w - width(text) - left)
  }
  const line = cells => '│' + widths.map((w, i) => centred(cells[i] ?? '', w)).join('│') + '│'
  const rule = (left, middle, right) => left + widths.map(w => '─'.repeat(w)).join(middle) + right
  return [rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...rows.map(line), rule('└', '┴', '┘')].join('\n')
}

function entries(data) {
  if (data instanceof Map) return { name: '(iteration index)', list: [...data].map(([k, v], i) => [String(i), v, k]), keyed: true }
  if (data instanceof Set) return { name: '(iteration index)', list: [...data].map((v, i) => [String(i), v]) }
  return { name: indexName, list: Object.keys(data).map(k => [k, data[k]]) }
}

exports.table = function table(data, only) {
  const { name, list, keyed } = entries(data)
  if (keyed) {
    return draw([name, 'Key', valueName], list.map(([i, v, k]) => [i, cell(k), cell(v)]))
  }
  const columns = []
  let primitives = false
  for (const [, row] of list) {
    if (row === null || (typeof row !== 'object' && typeof row !== 'function')) {
      primitives = true
      continue
    }
    for (const key of only ?? Object.keys(row)) if (!columns.includes(key)) columns.push(key)
  }
  const rows = list.map(([i, row]) => {
    const simple = row === null || (typeof row !== 'object' && typeof row !== 'function')
    const cells = columns.map(key => (!simple && Object.hasOwn(row, key) ? cell(row[key]) : ''))
    return [i, ...cells, ...(primitives ? [simple ? cell(row) : ''] : [])]
  })
  return draw([name, ...columns, ...(primitives ? [valueName] : [])], rows)
}
