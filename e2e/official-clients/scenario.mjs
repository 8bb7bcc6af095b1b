// The scenario that every client runs. A client is an adapter with one shape
// (clients/*.mjs); what is asserted here is the same for all of them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

/** A watch event must arrive in so long. */
const eventTimeoutMs = 15_000;

export const stepNames = scenario({}, {}, () => {}).map(([name]) => name);

/** The steps, in order, as [name, work]; work may answer 'skipped'. */
export function scenario(client, target, cut) {
  // One collection per run, so that a server can be used again.
  const name = `official_${randomBytes(6).toString('hex')}`;
  const state = {};
  const at = new Date(1_700_000_000_123);
  const bytes = Buffer.from(`文件 ${name}\n`.repeat(1000));

  return [
    [
      'create collection',
      async () => {
        await (client.createCollection ?? ((collection) => createAsAdmin(target, collection)))(name);
      },
    ],
    [
      'add',
      async () => {
        state.id = await client.add(name, { title: '第一', n: 1, tags: ['a'], nested: { x: 1, y: 2 }, at, none: null });
        assert.ok(typeof state.id === 'string' && state.id.length > 0, `id: ${state.id}`);
        for (const n of [2, 3, 4]) await client.add(name, { title: `no ${n}`, n, tags: [], nested: {} });
      },
    ],
    [
      'get',
      async () => {
        const doc = await client.get(name, state.id);
        assert.equal(doc._id, state.id);
        assert.deepEqual(
          { title: doc.title, n: doc.n, tags: doc.tags, nested: doc.nested, none: doc.none },
          { title: '第一', n: 1, tags: ['a'], nested: { x: 1, y: 2 }, none: null },
        );
        assert.equal(new Date(doc.at).getTime(), at.getTime());
      },
    ],
    [
      'where, order, limit, field',
      async () => {
        const docs = await client.query(name, {
          where: (_) => ({ n: _.gt(1).and(_.lte(4)) }),
          order: ['n', 'desc'],
          limit: 2,
          field: { n: true, _id: false },
        });
        assert.deepEqual(docs.map(({ n }) => n), [4, 3]);
        assert.deepEqual(Object.keys(docs[0]), ['n']);
        const either = await client.query(name, { where: (_) => _.or([{ n: 1 }, { title: /^no 3/ }]), order: ['n', 'asc'] });
        assert.deepEqual(either.map(({ n }) => n), [1, 3]);
      },
    ],
    [
      'update with commands',
      async () => {
        const changed = await client.update(name, state.id, (_) => ({
          n: _.inc(10),
          tags: _.push(['b', 'c']),
          'nested.x': _.remove(),
          nested: { z: 3 },
          title: '改',
        }));
        assert.equal(changed, 1);
        const doc = await client.get(name, state.id);
        assert.deepEqual(
          { n: doc.n, tags: doc.tags, nested: doc.nested, title: doc.title },
          { n: 11, tags: ['a', 'b', 'c'], nested: { y: 2, z: 3 }, title: '改' },
        );
      },
    ],
    [
      'count',
      async () => {
        assert.equal(await client.count(name, (_) => ({ n: _.in([2, 3, 11, 99]) })), 3);
      },
    ],
    [
      'remove',
      async () => {
        assert.equal(await client.remove(name, state.id), 1);
        assert.equal(await client.count(name, () => ({})), 3);
      },
    ],
    [
      'call a function',
      async () => {
        const result = await client.call('hello', { name: 'official' });
        assert.match(result.message, /hello/);
      },
    ],
    [
      'upload',
      async () => {
        state.fileID = await client.upload(`official/${name}/文件 a.txt`, bytes);
        assert.match(state.fileID, /^cloud:\/\/[^/]+\/official\//);
      },
    ],
    [
      'temp URL',
      async () => {
        const url = await client.tempURL(state.fileID);
        const response = await fetch(encodeURI(decodeURI(url)));
        assert.equal(response.status, 200);
        assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes), 'other bytes than uploaded');
      },
    ],
    [
      'download',
      async () => {
        assert.ok(Buffer.from(await client.download(state.fileID)).equals(bytes), 'other bytes than uploaded');
      },
    ],
    [
      'delete',
      async () => {
        const url = await client.tempURL(state.fileID);
        await client.delete(state.fileID);
        assert.equal((await fetch(encodeURI(decodeURI(url)))).status, 404);
      },
    ],
    ...watchSteps(client, name, cut),
  ];
}

function watchSteps(client, name, cut) {
  const snapshots = [];
  const state = {};
  const next = () => waitFor(() => snapshots.shift(), () => state.error);
  const step = (work) => () => (client.watch === undefined ? 'skipped' : work());
  const room = `room ${name}`;

  return [
    [
      'watch: init',
      step(async () => {
        state.id = await client.add(name, { room, n: 1 });
        state.watch = client.watch(name, { room }, (snapshot) => snapshots.push(snapshot), (error) => (state.error = error));
        const { docs } = await next();
        assert.deepEqual(docs.map(({ n }) => n), [1]);
      }),
    ],
    [
      'watch: add',
      step(async () => {
        await client.add(name, { room: 'another', n: 5 });
        state.second = await client.add(name, { room, n: 2 });
        const { docs, docChanges } = await next();
        assert.deepEqual(docs.map(({ n }) => n).sort(), [1, 2]);
        assert.deepEqual(docChanges.map(({ dataType, queueType }) => [dataType, queueType]), [['add', 'enqueue']]);
      }),
    ],
    [
      'watch: update',
      step(async () => {
        await client.update(name, state.second, (_) => ({ n: _.inc(5) }));
        const { docs, docChanges } = await next();
        assert.deepEqual(docs.map(({ n }) => n).sort(), [1, 7]);
        assert.deepEqual(docChanges.map(({ dataType, queueType }) => [dataType, queueType]), [['update', 'update']]);
        assert.deepEqual(docChanges[0].updatedFields, { n: 7 });
      }),
    ],
    [
      'watch: remove',
      step(async () => {
        await client.remove(name, state.second);
        const { docs, docChanges } = await next();
        assert.deepEqual(docs.map(({ n }) => n), [1]);
        assert.deepEqual(docChanges.map(({ dataType, queueType }) => [dataType, queueType]), [['remove', 'dequeue']]);
      }),
    ],
    [
      'watch: survives a cut',
      step(async () => {
        await cut();
        // Written while the socket is away, or just after: it must arrive in either case.
        await retry(() => client.update(name, state.id, (_) => ({ n: _.inc(100) })));
        for (;;) {
          const { docs } = await next();
          if (docs.some(({ n }) => n === 101)) break;
        }
        await state.watch.close();
        assert.equal(state.error, undefined);
      }),
    ],
  ];
}

/** A request may meet the cut itself: once more then. */
async function retry(work) {
  try {
    return await work();
  } catch {
    return work();
  }
}

async function waitFor(take, failure) {
  const end = Date.now() + eventTimeoutMs;
  for (;;) {
    const value = take();
    if (value !== undefined) return value;
    if (failure() !== undefined) throw failure();
    if (Date.now() > end) throw new Error(`no event in ${eventTimeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What clients have no right to, an administrator does for them. */
async function createAsAdmin({ url, env, apiKey }, collectionName) {
  const response = await fetch(`${url}/admin`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ action: 'database.addCollection', envName: env, collectionName }),
  });
  const reply = await response.json();
  if (reply.code) throw new Error(`${reply.code}: ${reply.message}`);
}
