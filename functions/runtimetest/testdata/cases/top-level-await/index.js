// result: "ready"
import { ready } from './index.mjs'
export const main = async () => ready
