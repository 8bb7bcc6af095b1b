// A function in TypeScript: types are stripped when it is deployed.
import cloud from 'wx-server-sdk'

interface Stats {
  total: number
  done: number
  /** Share of done todos, 0 to 1. */
  progress: number
}

interface Todo {
  title: string
  done: boolean
}

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

export async function main(): Promise<Stats> {
  const { OPENID, TCB_UUID } = cloud.getWXContext()
  const mine = cloud.database().collection('todos').where({ _openid: OPENID || TCB_UUID })
  const [{ total }, done] = await Promise.all([mine.count(), countDone(mine)])
  return { total, done, progress: total === 0 ? 0 : done / total }
}

async function countDone(mine: { where(condition: Partial<Todo>): { count(): Promise<{ total: number }> } }): Promise<number> {
  const { total } = await mine.where({ done: true }).count()
  return total
}
