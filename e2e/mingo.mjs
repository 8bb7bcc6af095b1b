// Answers questions with mingo, an independent implementation of MongoDB's
// language, for the tests of db/oracle: one JSON request a line on the standard
// input, one JSON reply a line on the standard output. Values are those of the
// old dialect: plain JSON with {"$date": ms}.
import { createInterface } from 'node:readline'
import * as mingo from 'mingo'

function revive(v) {
  if (Array.isArray(v)) return v.map(revive)
  if (v === null || typeof v !== 'object') return v
  const keys = Object.keys(v)
  if (keys.length === 1 && keys[0] === '$date' && typeof v.$date === 'number') return new Date(v.$date)
  return Object.fromEntries(keys.map((k) => [k, revive(v[k])]))
}

function plain(v) {
  if (v instanceof Date) return { $date: v.getTime() }
  if (Array.isArray(v)) return v.map((x) => (x === undefined ? null : plain(x)))
  if (v === null || typeof v !== 'object') return v
  return Object.fromEntries(Object.keys(v).filter((k) => v[k] !== undefined).map((k) => [k, plain(v[k])]))
}

function answer({ kind, documents, query, pipeline, update }) {
  const docs = revive(documents)
  switch (kind) {
    case 'find':
      return mingo.find(docs, revive(query)).all().map((d) => ({ _id: d._id }))
    case 'aggregate':
      return mingo.aggregate(docs, revive(pipeline))
    case 'update':
      mingo.updateMany(docs, revive(query), revive(update))
      return docs
  }
  throw new Error(`unknown kind ${kind}`)
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply
  try {
    reply = { result: plain(answer(JSON.parse(line))) }
  } catch (e) {
    reply = { error: String(e.message ?? e) }
  }
  process.stdout.write(JSON.stringify(reply) + '\n')
}
