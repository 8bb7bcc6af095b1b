// Uses the server SDKs inside a function worker: each step asserts, and main
// answers what failed. Deployed by ../../function-sdk.test.mjs.
const assert = require('assert')
const { Readable } = require('stream')
const cloud = require('wx-server-sdk')
const tcb = require('@cloudbase/node-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

/** Runs named steps in order; returns the failures. */
async function run(steps) {
  const failures = []
  for (const [name, work] of Object.entries(steps)) {
    try {
      await work()
    } catch (err) {
      failures.push(`${name}: ${err.errMsg || err.stack}`)
    }
  }
  return failures
}

async function fails(promise, errCode, text) {
  const err = await promise.then(() => assert.fail('did not fail'), err => err)
  assert.strictEqual(err.errCode, errCode, err.errMsg)
  assert.ok(err.errMsg.includes(text), err.errMsg)
}

exports.main = async event => {
  if (event.inner) return { inner: event.inner, context: cloud.getWXContext() }
  const db = cloud.database()
  const _ = db.command
  const name = event.collection
  const docs = db.collection(name)
  let fileID

  const wx = await run({
    createCollection: () => db.createCollection(name),
    createTwice: () => fails(db.createCollection(name), -502001, 'Table exist'),
    async values() {
      const data = { _id: 'a', at: new Date(5), point: db.Geo.Point(1, 2), n: 1, big: 2 ** 40, half: 1.5, s: 'x', now: db.serverDate() }
      assert.strictEqual((await docs.add({ data }))._id, 'a')
      const back = (await docs.doc('a').get()).data
      assert.ok(back.at instanceof Date && back.at.getTime() === 5)
      assert.ok(back.point instanceof db.Geo.Point && back.point.longitude === 1)
      assert.ok(Math.abs(back.now.getTime() - Date.now()) < 60000)
      assert.deepStrictEqual([back.n, back.big, back.half, back.s], [1, 2 ** 40, 1.5, 'x'])
      assert.ok(!('_openid' in back), 'a function adds no owner')
    },
    duplicate: () => fails(docs.add({ data: { _id: 'a' } }), -502001, 'E11000'),
    missing: () => fails(docs.doc('zz').get(), -1, 'document with _id zz does not exist'),
    missingCollection: () => fails(db.collection(`${name}_no`).add({ data: {} }), -502005, 'Db or Table not exist'),
    async lists() {
      assert.strictEqual((await docs.add({ data: [{ n: 2 }, { n: 3 }] }))._ids.length, 2)
      const { stats } = await docs.where({ n: _.gt(1).lte(3) }).update({ data: { n: _.inc(10), tags: _.push(['t']) } })
      assert.strictEqual(stats.updated, 2)
      const { data } = await docs.where({ n: _.exists(true) }).orderBy('n', 'desc').field({ n: true, _id: false }).get()
      assert.deepStrictEqual(data, [{ n: 13 }, { n: 12 }, { n: 1 }])
      assert.strictEqual((await docs.where({ s: /^X/i }).count()).total, 1)
      assert.strictEqual((await docs.where({ tags: 't' }).remove()).stats.removed, 2)
    },
    async replaceAndMerge() {
      const doc = docs.doc('b')
      assert.deepStrictEqual((await doc.set({ data: { x: { y: 1 } } })).stats, { updated: 0, created: 1 })
      await doc.update({ data: { x: { z: 2 } } })
      assert.deepStrictEqual((await doc.get()).data, { _id: 'b', x: { y: 1, z: 2 } })
      assert.strictEqual((await doc.update({ data: { x: { z: 2 } } })).stats.updated, 0)
      assert.deepStrictEqual((await doc.set({ data: { k: 1 } })).stats, { updated: 1, created: 0 })
      assert.deepStrictEqual((await doc.get()).data, { _id: 'b', k: 1 })
      assert.strictEqual((await doc.remove()).stats.removed, 1)
    },
    async nestedCall() {
      const { result } = await cloud.callFunction({ name: 'probe', data: { inner: 7 } })
      assert.strictEqual(result.inner, 7)
      assert.strictEqual(result.context.SOURCE, 'wx_client,scf')
      assert.strictEqual(result.context.TCB_UUID, cloud.getWXContext().TCB_UUID)
    },
    missingFunction: () => fails(cloud.callFunction({ name: 'nope' }), -501000, 'nope'),
    async upload() {
      fileID = (await cloud.uploadFile({ cloudPath: 'probe/文件.txt', fileContent: Readable.from([Buffer.from('hé'), 'llo']) })).fileID
      assert.match(fileID, /^cloud:\/\/dev\.[^/]+\/probe\/文件\.txt$/)
      const { fileContent } = await cloud.downloadFile({ fileID })
      assert.ok(Buffer.isBuffer(fileContent) && fileContent.toString() === 'héllo')
    },
    badPath: () => fails(cloud.uploadFile({ cloudPath: '../x', fileContent: Buffer.from('') }), -501007, 'cloudPath'),
    async urlsAndDelete() {
      const list = await cloud.getTempFileURL({ fileList: [fileID, `${fileID}x`] })
      assert.deepStrictEqual(list.fileList.map(f => f.status), [0, -503003])
      assert.match(list.fileList[0].tempFileURL, /^https?:/)
      const gone = await cloud.deleteFile({ fileList: [fileID] })
      assert.strictEqual(gone.fileList[0].status, 0)
      await fails(cloud.downloadFile({ fileID }), -503003, 'storage file not exists')
    },
    logger: () => cloud.logger().warn({ probe: 'structured line' }),
    notHere: () => fails(cloud.openapi.subscribeMessage.send({}), -1, 'not supported in self-hosting'),
  })

  const app = tcb.init({ env: tcb.SYMBOL_CURRENT_ENV })
  const other = app.database().collection(name)
  const node = await run({
    async nodeShape() {
      const { id, requestId } = await other.add({ k: 1 })
      assert.ok(id && requestId)
      assert.strictEqual((await other.where({ k: 1 }).get()).data[0]._id, id)
      assert.strictEqual((await other.doc(id).update({ k: app.database().command.inc(1) })).updated, 1)
      assert.strictEqual((await other.doc(id).get()).data[0].k, 2)
      assert.strictEqual((await other.doc(id).remove()).deleted, 1)
      assert.strictEqual((await app.callFunction({ name: 'probe', data: { inner: 1 } })).result.inner, 1)
      assert.strictEqual(app.auth().getUserInfo().uid, cloud.getWXContext().TCB_UUID)
    },
    async nodeErrors() {
      const err = await app.database().collection(`${name}_no`).get().catch(err => err)
      assert.strictEqual(err.code, 'DATABASE_COLLECTION_NOT_EXIST')
      assert.ok(err.requestId)
    },
    async adminShape() {
      const { total } = await require('tcb-admin-node').init({ env: 'dev' }).database().collection(name).count()
      assert.strictEqual(total, 1)
    },
  })
  return [...wx, ...node]
}
