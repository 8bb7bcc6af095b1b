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

/** Begins a transaction, writes in it and ends the call without an end of it. */
async function leave(collection, how) {
  const t = await cloud.database().startTransaction()
  await t.collection(collection).add({ data: { _id: how } })
  if (how === 'throws') throw new Error('wanted to leave')
  if (how === 'exits') process.exit(1)
}

exports.main = async event => {
  if (event.leave) return leave(event.collection, event.leave)
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
    async aggregate() {
      const $ = _.aggregate
      await docs.add({ data: [{ k: 'x', v: 1, at: new Date(0) }, { k: 'x', v: 2 }, { k: 'y', v: 5 }] })
      const from = () => docs.aggregate().match({ k: _.in(['x', 'y']) })
      const groups = await from().group({ _id: '$k', sum: $.sum('$v'), most: $.max('$v') }).sort({ _id: 1 }).end()
      assert.deepStrictEqual(groups.list, [{ _id: 'x', sum: 3, most: 2 }, { _id: 'y', sum: 5, most: 5 }])
      const pipeline = $.pipeline().match(_.expr($.eq(['$k', '$$k']))).count('n').done()
      const joined = await from().match({ v: 5 }).lookup({ from: name, let: { k: '$k' }, pipeline, as: 'same' }).project({ _id: 0, same: 1 }).end()
      assert.deepStrictEqual(joined.list, [{ same: [{ n: 1 }] }])
      const [{ day }] = (await from().match({ v: 1 }).project({ day: $.dateToString({ date: '$at', format: '%Y-%m-%d' }) }).end()).list
      assert.strictEqual(day, '1970-01-01')
      await fails(docs.aggregate().project({ x: $.divide(['$v', 0]) }).match({}).end(), -502001, 'aggregate')
    },
    async geo() {
      const found = await docs.where({ point: _.geoNear({ geometry: db.Geo.Point(1, 2), maxDistance: 10 }) }).get()
      assert.deepStrictEqual(found.data.map(d => d._id), ['a'])
    },
    async transactions() {
      await docs.add({ data: { _id: 'from', n: 10 } })
      await docs.add({ data: { _id: 'to', n: 0 } })
      const moved = await db.runTransaction(async t => {
        const c = t.collection(name)
        const { data } = await c.doc('from').get()
        await c.doc('from').update({ data: { n: _.inc(-4) } })
        await c.doc('to').update({ data: { n: _.inc(4) } })
        await c.add({ data: { _id: 'receipt', n: 4 } })
        assert.strictEqual((await c.where({ _id: _.in(['from', 'to', 'receipt']) }).get()).data.length, 3)
        return data.n
      })
      assert.strictEqual(moved, 10)
      const now = async id => (await docs.doc(id).get()).data.n
      assert.deepStrictEqual([await now('from'), await now('to'), await now('receipt')], [6, 4, 4])
      let runs = 0
      await db.runTransaction(async t => {
        const { data } = await t.collection(name).doc('from').get()
        if (++runs === 1) await docs.doc('from').update({ data: { n: _.inc(100) } })
        await t.collection(name).doc('from').update({ data: { n: data.n + 1 } })
      })
      assert.deepStrictEqual([runs, await now('from')], [2, 107])
      const reason = { stop: true }
      const stopped = await db.runTransaction(async t => {
        await t.collection(name).doc('to').remove()
        await t.rollback(reason)
      }).catch(err => err)
      assert.strictEqual(stopped, reason)
      const t = await db.startTransaction()
      await t.collection(name).doc('to').set({ data: { n: -1 } })
      await t.rollback()
      await fails(t.collection(name).doc('to').get(), -502001, 'TransactionNotExist')
      assert.strictEqual(await now('to'), 4)
    },
    async leftOpen() {
      for (const how of ['throws', 'returns', 'exits']) {
        await cloud.callFunction({ name: 'probe', data: { collection: name, leave: how } }).catch(() => {})
        assert.strictEqual((await docs.where({ _id: how }).count()).total, 0, how)
        // Nothing of it is in the way: the same document can be made at once.
        await docs.add({ data: { _id: how } })
        await docs.doc(how).remove()
      }
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
    async nodeTransactions() {
      const db = app.database()
      const $ = db.command.aggregate
      await other.add([{ _id: 'n1', g: 1 }, { _id: 'n2', g: 1 }])
      assert.strictEqual(await db.runTransaction(async t => {
        const c = t.collection(name)
        assert.strictEqual((await c.doc('n1').get()).data.g, 1)
        assert.strictEqual((await c.doc('none').get()).data, null)
        assert.strictEqual((await c.add({ _id: 'n3', g: 1 })).inserted, 1)
        assert.strictEqual((await c.doc('n1').delete()).deleted, 1)
        return 'done'
      }), 'done')
      const { data } = await other.aggregate().match({ g: 1 }).group({ _id: null, n: $.sum(1) }).end()
      assert.deepStrictEqual(data, [{ _id: null, n: 2 }])
      const { doc } = await other.where({ _id: 'n2' }).updateAndReturn({ g: db.command.inc(1) })
      assert.deepStrictEqual(doc, { _id: 'n2', g: 2 })
    },
    async nodeErrors() {
      const err = await app.database().collection(`${name}_no`).get().catch(err => err)
      assert.strictEqual(err.code, 'DATABASE_COLLECTION_NOT_EXIST')
      assert.ok(err.requestId)
    },
    async adminShape() {
      const { total } = await require('tcb-admin-node').init({ env: 'dev' }).database().collection(name).where({ s: 'x' }).count()
      assert.strictEqual(total, 1)
    },
  })
  return [...wx, ...node]
}
