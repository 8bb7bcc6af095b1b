// Steps about documents: what goes in comes back, queries, update commands.
import assert from "node:assert/strict";

/** own removes what the server adds to a user's document. */
function own({ _openid, ...doc }) {
  return doc;
}

const ids = (docs) => docs.map((d) => d._id);

export const documentSteps = [
  {
    name: "create collection",
    for: (client) => !client.user,
    async run({ client, admin, main }) {
      await client.createCollection(main);
      const again = await client.failure(client.createCollection(main));
      assert.equal(again.code, client.codes.collectionExists, again.text);
      assert.match(again.text, /Table exist/);
      assert.deepEqual(await admin.find(main), []);
    },
  },
  {
    name: "create refused to user",
    for: (client) => client.user,
    async run({ client, admin, main }) {
      const refused = await client.failure(client.createCollection(main));
      assert.equal(refused.code, client.codes.createDenied, refused.text);
      await admin.createCollection(main); // fails if the refused call had made it
    },
  },
  {
    name: "sign in anonymously",
    for: (client) => client.user,
    async run(ctx) {
      const { client, main } = ctx;
      const uid = await client.signIn(main);
      assert.match(uid, /^[0-9a-zA-Z_-]{16,64}$/);
      assert.equal(await client.signIn(main), uid, "the same installation is the same user");
      ctx.uid = uid;
    },
  },
  {
    name: "add",
    async run({ client, main, uid, admin }) {
      const id = await client.add(main, { n: 1 });
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.equal(await client.add(main, { _id: "chosen", n: 2 }), "chosen");
      assert.equal(await client.add(main, { _id: "由我选", n: 3 }), "由我选");
      if (client.addMany) {
        const many = await client.addMany(main, [{ _id: "m1", n: 4 }, { n: 5 }]);
        assert.equal(many.length, 2);
        assert.equal(many[0], "m1");
      }
      const [stored] = await admin.find(main, { _id: "chosen" });
      assert.equal(stored._openid, uid, "a user's document carries the uid, an admin's nothing");
    },
  },
  {
    name: "values come back",
    async run({ client, admin, main }) {
      const { db } = client;
      const doc = {
        _id: "values",
        int: 7,
        negative: -2147483648,
        double: 1.5,
        tiny: -5e-324,
        big: 2 ** 40,
        largest: Number.MAX_SAFE_INTEGER,
        date: new Date(1700000000123),
        old: new Date(-1),
        nothing: null,
        yes: true,
        text: "é 中文 😀 \u0000 \"'\\",
        empty: "",
        nested: { a: { b: { c: [] } }, "": 1, e: {} },
        list: [1, "x", null, [2, [3]], { k: new Date(5) }],
        at: new db.Geo.Point(113.25, -23.5),
      };
      await client.add(main, doc);
      const back = own(await client.getDoc(main, "values"));
      assert.deepEqual([back.at.longitude, back.at.latitude], [113.25, -23.5], "a point comes back as a point");
      assert.ok(back.date instanceof Date && back.list[4].k instanceof Date, "a date comes back as a date");
      assert.deepEqual({ ...back, at: undefined }, { ...doc, at: undefined });

      const [stored] = await admin.find(main, { _id: "values" });
      assert.deepEqual(stored.int, { $numberInt: "7" });
      assert.deepEqual(stored.double, { $numberDouble: "1.5" });
      assert.deepEqual(stored.big, { $numberLong: "1099511627776" });
      assert.deepEqual(stored.date, { $date: { $numberLong: "1700000000123" } });
    },
  },
  {
    name: "server date",
    async run({ client, main }) {
      const { db } = client;
      await client.add(main, { _id: "clock", now: db.serverDate(), later: db.serverDate({ offset: 3600000 }) });
      const { now, later } = await client.getDoc(main, "clock");
      assert.ok(Math.abs(now - Date.now()) < 60_000, `server date ${now}`);
      assert.equal(later - now, 3600000);
    },
  },
  {
    name: "get by id",
    async run({ client, main }) {
      assert.deepEqual(own(await client.getDoc(main, "chosen")), { _id: "chosen", n: 2 });
      assert.deepEqual(own(await client.getDoc(main, "由我选")), { _id: "由我选", n: 3 });
      assert.equal(await client.getDoc(main, "none"), undefined);
    },
  },
  {
    name: "where order limit skip field",
    async run({ client, admin, queries: name }) {
      const { db } = client;
      const _ = db.command;
      await admin.createCollection(name);
      const day = (d) => new Date(Date.UTC(2026, 0, d));
      const docs = [
        { _id: "a", n: 1, kind: "x", tags: ["red", "blue"], at: day(1), o: { p: 1, q: 1 } },
        { _id: "b", n: 5, kind: "y", tags: ["red"], at: day(2), o: { p: 2 } },
        { _id: "c", n: 3, kind: "x", tags: [], at: day(3), name: "Anna" },
        { _id: "d", n: 5, kind: "x", at: day(4), name: null },
      ];
      for (const doc of docs) await client.add(name, doc);
      const of = (condition) => db.collection(name).where(condition).orderBy("_id", "asc");
      const cases = [
        ["equal", { kind: "x" }, "acd"],
        ["greater", { n: _.gt(3) }, "bd"],
        ["range", { n: _.gte(1).and(_.lt(5)) }, "ac"],
        ["either value", { n: _.eq(1).or(_.eq(3)) }, "ac"],
        ["either condition", _.or([{ kind: "y" }, { n: _.lte(1) }]), "ab"],
        ["both conditions", _.and([{ kind: "x" }, { n: _.neq(5) }]), "ac"],
        ["in", { n: _.in([1, 3]) }, "ac"],
        ["not in", { n: _.nin([1, 3]) }, "bd"],
        ["not", { n: _.not(_.gt(3)) }, "ac"],
        ["neither", _.nor([{ kind: "y" }, { n: 1 }]), "cd"],
        ["all elements", { tags: _.all(["blue", "red"]) }, "a"],
        ["element", { tags: _.elemMatch(_.eq("blue")) }, "a"],
        ["size", { tags: _.size(1) }, "b"],
        ["remainder", { n: _.mod([2, 1]) }, "abcd"],
        ["exists", { name: _.exists(true) }, "cd"],
        ["null or missing", { name: null }, "abd"],
        ["array element", { tags: "red" }, "ab"],
        ["path", { "o.p": 1 }, "a"],
        ["nested", { o: { p: 1 } }, "a"],
        ["regular expression", { name: db.RegExp({ regexp: "^an", options: "i" }) }, "c"],
        ["date", { at: _.gt(day(2)) }, "cd"],
        ["server date", { at: _.lt(db.serverDate()) }, Date.now() > day(4) ? "abcd" : ""],
      ];
      for (const [what, condition, want] of cases) {
        assert.equal(ids(await client.find(of(condition))).join(""), want, what);
      }
      const sorted = db.collection(name).orderBy("n", "desc").orderBy("_id", "asc");
      assert.equal(ids(await client.find(sorted)).join(""), "bdca");
      assert.equal(ids(await client.find(sorted.skip(1).limit(2))).join(""), "dc");
      assert.deepEqual(await client.find(of({ n: 5 }).field({ n: true, o: true }).limit(1)), [{ _id: "b", n: 5, o: { p: 2 } }]);
      const [left] = await client.find(of({ _id: "a" }).field({ tags: false, at: false, o: false }));
      assert.deepEqual(own(left), { _id: "a", n: 1, kind: "x" });
    },
  },
  {
    name: "count",
    async run({ client, queries: name }) {
      const { db } = client;
      assert.equal(await client.count(db.collection(name)), 4);
      assert.equal(await client.count(db.collection(name).where({ n: db.command.gt(3) })), 2);
      assert.equal(await client.count(db.collection(name).where({ n: 99 })), 0);
    },
  },
  {
    name: "update with commands",
    async run({ client, main }) {
      const { db } = client;
      const _ = db.command;
      const doc = db.collection(main).doc("u");
      await client.add(main, {
        _id: "u",
        n: 1,
        m: 3,
        low: 5,
        high: 5,
        old: "o",
        gone: 1,
        whole: { a: 1, b: 2 },
        part: { a: 1, b: { c: 2, d: 3 } },
        grow: ["a"],
        front: ["z"],
        ends: [1, 2, 3],
        less: [1, 2, 1, 3],
        unique: ["a"],
        sorted: [3, 1],
        list: [{ v: 1 }, { v: 2 }],
      });
      const changed = await client.update(doc, {
        n: _.inc(2),
        m: _.mul(2.5),
        low: _.min(3),
        high: _.max(9),
        old: _.rename("renamed"),
        gone: _.remove(),
        whole: _.set({ z: 1 }),
        part: { b: { c: 20 } },
        grow: _.push(["b", "c"]),
        front: _.unshift(["x", "y"]),
        ends: _.pop(),
        less: _.pull(1),
        unique: _.addToSet("a"),
        sorted: _.push({ each: [2], sort: 1, slice: 2 }),
        "list.1.v": 22,
        fresh: "added",
        when: new Date(7),
      });
      assert.equal(changed, 1);
      assert.deepEqual(own(await client.getDoc(main, "u")), {
        _id: "u",
        n: 3,
        m: 7.5,
        low: 3,
        high: 9,
        renamed: "o",
        whole: { z: 1 },
        part: { a: 1, b: { c: 20, d: 3 } },
        grow: ["a", "b", "c"],
        front: ["x", "y", "z"],
        ends: [1, 2],
        less: [2, 3],
        unique: ["a"],
        sorted: [1, 2],
        list: [{ v: 1 }, { v: 22 }],
        fresh: "added",
        when: new Date(7),
      });
      await client.update(doc, { ends: _.shift(), front: _.pullAll(["x", "z"]), unique: _.addToSet({ $each: ["a", "b"] }) });
      const { ends, front, unique } = await client.getDoc(main, "u");
      assert.deepEqual({ ends, front, unique }, { ends: [2], front: ["y"], unique: ["a", "b"] });
      assert.equal(await client.update(db.collection(main).doc("none"), { n: 1 }), 0);
    },
  },
  {
    name: "update where",
    async run({ client, queries: name }) {
      const { db } = client;
      const _ = db.command;
      assert.equal(await client.update(db.collection(name).where({ kind: "x" }), { n: _.inc(10), seen: true }), 3);
      const docs = await client.find(db.collection(name).where({ seen: true }).orderBy("_id", "asc"));
      assert.deepEqual(docs.map((d) => d.n), [11, 13, 15]);
    },
  },
  {
    name: "set creates and replaces",
    async run({ client, main, uid }) {
      const doc = client.db.collection(main).doc("s");
      assert.deepEqual(await client.set(doc, { a: 1, o: { x: 1 } }), { updated: 0, created: 1 });
      assert.deepEqual(own(await client.getDoc(main, "s")), { _id: "s", a: 1, o: { x: 1 } });
      assert.deepEqual(await client.set(doc, { o: { y: 2 } }), { updated: 1, created: 0 });
      const back = await client.getDoc(main, "s");
      assert.deepEqual(own(back), { _id: "s", ...client.setKeeps, o: { y: 2 } });
      assert.equal(back._openid, uid);
    },
  },
  {
    name: "remove",
    async run({ client, main, queries: name }) {
      const { db } = client;
      assert.equal(await client.remove(db.collection(main).doc("s")), 1);
      assert.equal(await client.remove(db.collection(main).doc("s")), 0);
      assert.equal(await client.remove(db.collection(name).where({ kind: "x" })), 3);
      assert.deepEqual(ids(await client.find(db.collection(name))), ["b"]);
    },
  },
];
