// Several routes in one function, by tcb-router. A function has the rights of
// the administrator, so each route names the owner in its condition.
const cloud = require('wx-server-sdk')
const TcbRouter = require('tcb-router')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async event => {
  const app = new TcbRouter({ event })
  const db = cloud.database()
  const todos = db.collection('todos')

  app.use(async (ctx, next) => {
    const { OPENID, TCB_UUID } = cloud.getWXContext()
    ctx.owner = OPENID || TCB_UUID
    if (!ctx.owner) throw new Error('call this function as a user')
    console.log('route', event.$url, 'for', ctx.owner)
    await next()
  })

  app.router('list', async ctx => {
    const { data } = await todos.where({ _openid: ctx.owner }).orderBy('created', 'desc').limit(100).get()
    ctx.body = data
  })

  app.router('add', async ctx => {
    const title = String(event.title || '').trim()
    if (!title) throw new Error('title must not be empty')
    const { _id } = await todos.add({
      data: { _openid: ctx.owner, title, done: false, created: db.serverDate() },
    })
    ctx.body = { _id }
  })

  app.router('toggle', async ctx => {
    const mine = todos.where({ _id: event.id, _openid: ctx.owner })
    const { data } = await mine.get()
    if (data.length === 0) throw new Error(`no todo ${event.id}`)
    await mine.update({ data: { done: !data[0].done } })
    ctx.body = { done: !data[0].done }
  })

  app.router('remove', async ctx => {
    const { stats } = await todos.where({ _id: event.id, _openid: ctx.owner }).remove()
    ctx.body = stats
  })

  app.router('clear', async ctx => {
    const { stats } = await todos.where({ _openid: ctx.owner, done: true }).remove()
    ctx.body = stats
  })

  return app.serve()
}
