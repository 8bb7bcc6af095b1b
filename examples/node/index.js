// A Node script against the functions of ../todo-miniprogram:
//
//   go run ./cmd/baas dev examples/todo-miniprogram
//   node examples/node/index.js
//
// It is a user of its own (signed in anonymously, remembered between runs).
// With BAAS_API_KEY set it is the administrator instead and sees every todo.
const cloud = require('../../sdk-js') // in a project of yours: require('baas-sdk')

cloud.init({
  env: 'dev',
  endpoint: process.env.BAAS_URL ?? 'http://127.0.0.1:8787',
  ...(process.env.BAAS_API_KEY ? { apiKey: process.env.BAAS_API_KEY } : {}),
})

async function main() {
  const { result: who } = await cloud.callFunction({ name: 'login' })
  console.log('owner', who.owner ?? 'administrator')

  const db = cloud.database()
  const _ = db.command
  const todos = db.collection('todos')

  const { _id } = await todos.add({ data: { title: '写一个脚本 write a script', done: false, created: db.serverDate() } })
  await todos.doc(_id).update({ data: { done: true, tags: _.push(['node']) } })
  const { data } = await todos.where({ done: _.eq(true) }).orderBy('created', 'desc').limit(5).get()
  for (const { title, created } of data) console.log('done', created.toISOString(), title)

  const { fileID } = await cloud.uploadFile({ cloudPath: `node/${_id}.js`, filePath: __filename })
  const { fileList } = await cloud.getTempFileURL({ fileList: [fileID] })
  console.log('file', fileList[0].tempFileURL)
  await cloud.deleteFile({ fileList: [fileID] })

  await todos.doc(_id).remove()
}

main().catch((err) => {
  console.error(err.errMsg ?? err)
  process.exitCode = 1
})
