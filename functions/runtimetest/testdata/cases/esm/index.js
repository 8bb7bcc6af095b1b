// result: {"a":1,"b":"default","star":["a","c"],"dynamic":"a/b","meta":"file:///var/user/index.js","json":"value"}
import def, { a } from './other.mjs'
import * as star from './star.mjs'
import data from './data.json'

export const main = async () => ({
  a,
  b: def(),
  star: Object.keys(star).sort(),
  dynamic: (await import('node:path')).join('a', 'b'),
  meta: import.meta.url,
  json: data.key,
})
