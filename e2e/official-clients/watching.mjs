// Steps about watch: first set, changes, and both after the connection was lost.
import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { inspect } from "node:util";

// The SDK tries again at once and then every 10 s; a rebuild may take another 10 s.
const reconnectMs = 25_000;

/** openWatch starts a watch and keeps every snapshot. */
function openWatch(query) {
  const bell = new EventEmitter();
  const snapshots = [];
  let failure;
  const listener = query.watch({
    onChange(snapshot) {
      snapshots.push({ type: snapshot.type, docs: structuredClone(snapshot.docs), changes: snapshot.docChanges });
      bell.emit("news");
    },
    onError(err) {
      failure ??= err;
      bell.emit("news");
    },
  });
  let read = 0;
  return {
    /** next answers the next snapshot that was not read yet. */
    async next(timeoutMs = 10_000) {
      while (snapshots.length <= read) {
        if (failure) throw new Error(`the watch failed: ${inspect(failure)}`);
        await once(bell, "news", { signal: AbortSignal.timeout(timeoutMs) });
      }
      return snapshots[read++];
    },
    /** until reads on to the first snapshot that holds exactly the wanted documents. */
    async until(want, timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const left = deadline - Date.now();
        const snapshot = await this.next(Math.max(left, 1)).catch((err) => {
          if (err.name !== "AbortError") throw err;
          throw new Error(`no snapshot with ${JSON.stringify(want)}; last ${JSON.stringify(snapshots.at(-1)?.docs)}`);
        });
        if (sameSet(snapshot.docs, want)) return snapshot;
      }
    },
    snapshots,
    close: () => listener.close(),
  };
}

/** shape is a document's id and number, which is all these steps change. */
const shape = (docs) => docs.map(({ _id, n }) => `${_id}=${n}`).sort();

function sameSet(docs, want) {
  return shape(docs).join() === Object.entries(want).map(([id, n]) => `${id}=${n}`).sort().join();
}

function onlyChange(snapshot) {
  assert.equal(snapshot.changes.length, 1, JSON.stringify(snapshot.changes));
  const { dataType, queueType, docId, updatedFields, removedFields } = snapshot.changes[0];
  return { dataType, queueType, docId, updatedFields, removedFields };
}

const change = (dataType, queueType, docId, more) => ({
  dataType,
  queueType,
  docId,
  updatedFields: undefined,
  removedFields: undefined,
  ...more,
});

export const watchSteps = [
  {
    name: "watch: init add update remove",
    for: (client) => client.user,
    async run({ client, admin, watched: name }) {
      const { db } = client;
      const _ = db.command;
      await admin.createCollection(name);
      await client.add(name, { _id: "a", room: "r1", n: 1 });
      await client.add(name, { _id: "elsewhere", room: "r2", n: 1 });
      await admin.insert(name, { _id: "theirs", _openid: "somebody-else", room: "r1", n: 1 });
      const watch = openWatch(db.collection(name).where({ room: "r1" }));
      try {
        const first = await watch.next();
        assert.deepEqual(shape(first.docs), ["a=1"]);
        assert.deepEqual(onlyChange(first), change("init", "init", "a"));

        await client.add(name, { _id: "b", room: "r1", n: 2, part: { x: 1, y: 1 }, when: new Date(5) });
        const added = await watch.next();
        assert.deepEqual(onlyChange(added), change("add", "enqueue", "b"));
        assert.deepEqual(shape(added.docs), ["a=1", "b=2"]);

        await client.update(db.collection(name).doc("b"), { n: _.inc(1), part: { x: 2, y: _.remove() } });
        const updated = await watch.next();
        assert.deepEqual(
          onlyChange(updated),
          change("update", "update", "b", { updatedFields: { n: 3, "part.x": 2 }, removedFields: ["part.y"] }),
        );
        assert.deepEqual(updated.docs.find((d) => d._id === "b").part, { x: 2 });

        await client.update(db.collection(name).doc("elsewhere"), { room: "r1" });
        const entered = await watch.next();
        assert.equal(onlyChange(entered).queueType, "enqueue");
        await client.update(db.collection(name).doc("elsewhere"), { room: "r2" });
        const left = await watch.next();
        assert.equal(onlyChange(left).queueType, "dequeue");

        await admin.update(name, { _id: "theirs" }, { $set: { n: 2 } });
        await client.remove(db.collection(name).doc("a"));
        const removed = await watch.next();
        assert.deepEqual(onlyChange(removed), change("remove", "dequeue", "a"));
        assert.deepEqual(shape(removed.docs), ["b=3"]);
      } finally {
        await watch.close();
      }
    },
  },
  {
    name: "watch: one document",
    for: (client) => client.user,
    async run({ client, watched: name }) {
      const { db } = client;
      await client.add(name, { _id: "d1", n: 1 });
      const watch = openWatch(db.collection(name).doc("d1"));
      try {
        await watch.until({ d1: 1 }, 10_000);
        await client.set(db.collection(name).doc("d1"), { n: 2 });
        await watch.until({ d1: 2 }, 10_000);
        await client.remove(db.collection(name).doc("d1"));
        await watch.until({}, 10_000);
      } finally {
        await watch.close();
      }
    },
  },
  {
    name: "watch: ordered and limited",
    for: (client) => client.user,
    async run({ client, watched: name }) {
      const { db } = client;
      for (const n of [1, 2, 3]) await client.add(name, { _id: `l${n}`, room: "limit", n });
      const watch = openWatch(db.collection(name).where({ room: "limit" }).orderBy("n", "desc").limit(2));
      try {
        const first = await watch.until({ l3: 3, l2: 2 }, 10_000);
        assert.deepEqual(first.docs.map((d) => d._id), ["l3", "l2"], "the first set is in order");
        await client.add(name, { _id: "l4", room: "limit", n: 4 });
        await watch.until({ l4: 4, l3: 3 }, 10_000);
        await client.remove(db.collection(name).doc("l3"));
        await watch.until({ l4: 4, l2: 2 }, 10_000);
      } finally {
        await watch.close();
      }
    },
  },
  {
    name: "watch: closed, opened at once",
    for: (client) => client.user,
    async run({ client, watched: name }) {
      const { db } = client;
      await client.add(name, { _id: "again", room: "again", n: 1 });
      // The SDK drops its socket with the last watch, and opens another one.
      for (let round = 0; round < 3; round++) {
        const watch = openWatch(db.collection(name).where({ room: "again" }));
        await watch.until({ again: 1 }, 10_000);
        await watch.close();
      }
    },
  },
  {
    name: "watch: heartbeat when idle",
    for: (client) => client.user,
    timeoutMs: 60_000,
    async run({ client, proxy, watched: name }) {
      const watch = openWatch(client.db.collection(name).where({ room: "idle" }));
      try {
        await watch.until({}, 10_000);
        // The SDK asks after 10 s of silence, and gives the connection up after two misses.
        await Promise.all([proxy.hears(/"PONG"/), proxy.hears(/"CHECK_EVENT"/)]);
        await client.add(name, { _id: "i1", room: "idle", n: 1 });
        assert.deepEqual(onlyChange(await watch.until({ i1: 1 }, 10_000)), change("add", "enqueue", "i1"));
        assert.equal(watch.snapshots.length, 2);
      } finally {
        await watch.close();
      }
    },
  },
  {
    name: "watch: connection cut",
    for: (client) => client.user,
    timeoutMs: 60_000,
    async run({ client, proxy, admin, watched: name }) {
      const { db } = client;
      const _ = db.command;
      await client.add(name, { _id: "c1", room: "cut", n: 1 });
      const watch = openWatch(db.collection(name).where({ room: "cut" }));
      try {
        await watch.until({ c1: 1 }, 10_000);
        assert.equal(proxy.cutSockets(), 1, "one socket to cut");
        await client.add(name, { _id: "c2", room: "cut", n: 2 });
        await watch.until({ c1: 1, c2: 2 }, reconnectMs);
        await client.update(db.collection(name).doc("c1"), { n: _.inc(10) });
        const updated = await watch.until({ c1: 11, c2: 2 }, 10_000);
        assert.deepEqual(onlyChange(updated).updatedFields, { n: 11 });
        assert.equal((await admin.find(name, { room: "cut" })).length, 2);
      } finally {
        await watch.close();
      }
    },
  },
  {
    name: "watch: server out of reach",
    for: (client) => client.user,
    timeoutMs: 90_000,
    async run({ client, proxy, admin, uid, watched: name }) {
      const { db } = client;
      for (const [id, n] of [["o1", 1], ["o2", 2]]) await client.add(name, { _id: id, room: "out", n });
      const watch = openWatch(db.collection(name).where({ room: "out" }));
      try {
        await watch.until({ o1: 1, o2: 2 }, 10_000);
        const refusal = proxy.takeDown();
        await admin.remove(name, { _id: "o1" });
        await admin.update(name, { _id: "o2" }, { $inc: { n: 20 } });
        await admin.insert(name, { _id: "o3", _openid: uid, room: "out", n: 3 });
        await refusal;
        proxy.bringUp();
        await watch.until({ o2: 22, o3: 3 }, 2 * reconnectMs);
        await client.remove(db.collection(name).doc("o3"));
        const removed = await watch.until({ o2: 22 }, 10_000);
        assert.deepEqual(onlyChange(removed), change("remove", "dequeue", "o3"));
      } finally {
        proxy.bringUp();
        await watch.close();
      }
    },
  },
  {
    name: "watch: emptied while away",
    for: (client) => client.user,
    timeoutMs: 60_000,
    async run({ client, proxy, admin, watched: name }) {
      const { db } = client;
      await client.add(name, { _id: "e1", room: "empty", n: 1 });
      const watch = openWatch(db.collection(name).where({ room: "empty" }));
      try {
        await watch.until({ e1: 1 }, 10_000);
        await Promise.all([proxy.cutSockets(), admin.remove(name, { _id: "e1" })]);
        await watch.until({}, reconnectMs);
        await client.add(name, { _id: "e2", room: "empty", n: 2 });
        await watch.until({ e2: 2 }, 10_000);
      } finally {
        await watch.close();
      }
    },
  },
];
