// tcb-router 1.1.2 as it is on npm (wx-cloud-api.md 9.10).
// event: {"$url":"user/get","id":7}
// result: {"all":true,"id":7,"after":["user","all"]}
// event: {"$url":"pair/b"}
// result: {"all":true,"pair":"pair/b","after":["all"]}
// event: {"$url":"nope"}
// result: {"all":true,"after":["all"]}
// event: {"$url":"twice"}
// fail: Threw: Error: next() called multiple times
const TcbRouter = require('tcb-router')

exports.main = async event => {
  const app = new TcbRouter({ event })
  app.use(async (ctx, next) => {
    ctx.body = { all: true, after: [] }
    await next()
    ctx.body.after.push('all')
  })
  app.use('user/get', async (ctx, next) => {
    await next()
    ctx.body.after.push('user')
  })
  app.router('user/get', async ctx => { ctx.body.id = ctx._req.event.id; ctx.body = { all: true, id: ctx.body.id, after: [] } })
  app.router(['pair/a', 'pair/b'], async ctx => { ctx.body = { all: true, pair: ctx._req.url, after: [] } })
  app.router('twice', async (ctx, next) => { await next(); await next() })
  return app.serve()
}
