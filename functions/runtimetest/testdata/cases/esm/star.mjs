export { a } from './other.mjs'
export const c = 3
