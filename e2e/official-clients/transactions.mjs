// Steps about transactions. What a client answers inside of one differs by family
// and stands in client.within; runTransaction and startTransaction are the package's own.
import assert from "node:assert/strict";

/** conflicting returns a callback that others get in the way of in its first runs. */
function conflicting({ client, admin, accounts: name }, times) {
  const seen = { runs: 0 };
  seen.callback = async (transaction) => {
    const run = ++seen.runs;
    const doc = transaction.collection(name).doc("busy");
    const { n } = await client.within.get(doc);
    await client.within.update(doc, { n: n + 1 });
    // Others write what this transaction has written: its commit must fail.
    if (run <= times) await admin.update(name, { _id: "busy" }, { $inc: { n: 100 } });
    return `run ${run}`;
  };
  return seen;
}

const steps = [
  {
    name: "transaction: commit",
    async run({ client, admin, accounts: name, uid }) {
      const { db, within } = client;
      await admin.createCollection(name);
      const owner = uid === undefined ? {} : { _openid: uid };
      await admin.insert(name, { _id: "a", n: 100, ...owner }, { _id: "b", n: 0, ...owner }, { _id: "busy", n: 0, ...owner }, { _id: "gone", ...owner });
      const result = await db.runTransaction(async (transaction) => {
        const accounts = transaction.collection(name);
        assert.equal((await within.get(accounts.doc("a"))).n, 100);
        assert.equal(await within.get(accounts.doc("none")), null);
        assert.equal(await within.update(accounts.doc("a"), { n: db.command.inc(-30) }), 1);
        assert.equal(await within.update(accounts.doc("b"), { n: db.command.inc(30), at: new Date(5) }), 1);
        assert.equal((await within.get(accounts.doc("a"))).n, 70, "it sees its own writes");
        await within.add(accounts, { _id: "new", k: 1 });
        assert.deepEqual(await within.set(accounts.doc("set"), { v: 1 }), within.created("set"));
        assert.equal(await within.remove(accounts.doc("gone")), 1);
        assert.equal((await admin.find(name, { _id: "a" }))[0].n.$numberInt, "100", "nobody else does");
        return "done";
      });
      assert.equal(result, "done");
      const stored = await admin.find(name, { _id: { $in: ["a", "b", "new", "set", "gone"] } });
      const of = (id) => stored.find((d) => d._id === id);
      assert.equal(of("a").n.$numberInt, "70");
      assert.equal(of("b").n.$numberInt, "30");
      assert.deepEqual(of("b").at, within.date ?? { $date: { $numberLong: "5" } });
      assert.deepEqual([of("new").k.$numberInt, of("set").v.$numberInt, of("gone")], ["1", "1", undefined]);
      assert.equal(of("new")._openid, uid);
    },
  },
  {
    name: "transaction: conditions",
    for: (client) => client.within.find !== undefined,
    async run({ client, accounts: name }) {
      const { db, within } = client;
      const transaction = await db.startTransaction();
      const accounts = transaction.collection(name);
      await within.update(accounts.doc("a"), { kind: "x" });
      await within.update(accounts.doc("b"), { kind: "x" });
      const found = await within.find(accounts.where({ kind: "x" }).orderBy("_id", "asc"));
      assert.deepEqual(found.map((d) => d._id), ["a", "b"]);
      await transaction.rollback();
      assert.deepEqual(await client.find(db.collection(name).where({ kind: "x" })), []);
    },
  },
  {
    name: "transaction: rolled back with a reason",
    async run({ client, admin, accounts: name }) {
      const { db, within } = client;
      for (const reason of ["because", { k: 1 }, undefined]) {
        const run = db.runTransaction(async (transaction) => {
          await within.update(transaction.collection(name).doc("a"), { n: -1 });
          await transaction.rollback(reason);
        });
        const failed = await run.then(
          () => assert.fail("it was committed"),
          (err) => ({ err }),
        );
        assert.equal(failed.err, reason, "it fails with exactly the reason");
      }
      assert.equal((await admin.find(name, { _id: "a" }))[0].n.$numberInt, "70");
    },
  },
  {
    name: "transaction: exception",
    async run({ client, admin, accounts: name }) {
      const { db, within } = client;
      const thrown = new Error("of the application");
      const run = db.runTransaction(async (transaction) => {
        await within.update(transaction.collection(name).doc("a"), { n: -1 });
        throw thrown;
      });
      await assert.rejects(run, (err) => err === thrown);
      assert.equal((await admin.find(name, { _id: "a" }))[0].n.$numberInt, "70");
    },
  },
  {
    name: "transaction: conflict is run again",
    for: (client) => !client.hidesRefusedCommit,
    async run(ctx) {
      const { client, admin, accounts: name } = ctx;
      const seen = conflicting(ctx, 1);
      assert.equal(await client.db.runTransaction(seen.callback), "run 2");
      assert.equal((await admin.find(name, { _id: "busy" }))[0].n.$numberInt, "101", "no write was lost");
    },
  },
  {
    name: "transaction: conflict without end",
    for: (client) => !client.hidesRefusedCommit,
    async run(ctx) {
      const { client } = ctx;
      const seen = conflicting(ctx, 99);
      const failed = await client.failure(client.db.runTransaction(seen.callback));
      assert.equal(failed.code, client.codes.conflict, failed.text);
      assert.match(failed.text, /\[ResourceUnavailable\.TransactionConflict\] Transaction is conflict/);
      assert.equal(seen.runs, client.within.runs);
    },
  },
  {
    name: "transaction: snapshot",
    async run({ client, admin, accounts: name }) {
      const { db, within } = client;
      const transaction = await db.startTransaction();
      await admin.update(name, { _id: "b" }, { $set: { n: 1 } });
      const doc = transaction.collection(name).doc("b");
      assert.equal((await within.get(doc)).n, 1, "it is taken at the first operation");
      await admin.update(name, { _id: "b" }, { $set: { n: 2 } });
      assert.equal((await within.get(doc)).n, 1);
      await transaction.rollback();
    },
  },
  {
    name: "transaction: after its end",
    async run({ client, accounts: name }) {
      const { db, within } = client;
      const transaction = await db.startTransaction();
      await within.get(transaction.collection(name).doc("a"));
      await transaction.commit();
      for (const late of [() => within.set(transaction.collection(name).doc("a"), { n: -1 }), () => within.get(transaction.collection(name).doc("a"))]) {
        const failed = await client.failure(late());
        assert.equal(failed.code, client.codes.transactionOver, failed.text);
        assert.match(failed.text, /TransactionNotExist/);
        assert.match(failed.text, /30 seconds/);
      }
    },
  },
  {
    name: "transaction: 1001 inserts",
    for: (client) => client.within.addMany !== undefined,
    timeoutMs: 90_000,
    async run({ client, admin, accounts: name }) {
      const { db, within } = client;
      const transaction = await db.startTransaction();
      const docs = Array.from({ length: 1001 }, (_, i) => ({ _id: `many${i}`, many: true }));
      assert.equal(await within.addMany(transaction.collection(name), docs), 1001);
      assert.equal(await admin.count(name, { many: true }), 0);
      await transaction.commit();
      assert.equal(await admin.count(name, { many: true }), 1001);
    },
  },
];

/** A client of wx.cloud's shape has no transactions. */
export const transactionSteps = steps.map((step) => ({
  ...step,
  for: (client) => client.within !== undefined && (step.for?.(client) ?? true),
}));
