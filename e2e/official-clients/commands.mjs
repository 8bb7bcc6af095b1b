// Steps that use every command of db.command, for conditions, projections and updates.
import assert from "node:assert/strict";

const ids = (docs) => docs.map((d) => d._id).join("");

/** own removes what the server adds to a user's document. */
function own({ _openid, ...doc }) {
  return doc;
}

export const commandSteps = [
  {
    name: "every query command",
    async run({ client, admin, commands: name }) {
      const { db } = client;
      const _ = db.command;
      const $ = _.aggregate;
      await admin.createCollection(name);
      const docs = [
        { _id: "a", n: 1, s: "Anna", l: [1, 5, 9], o: [{ k: "x", v: 1 }, { k: "y", v: 8 }], e: { b: 1 } },
        { _id: "b", n: 2, s: "bob", l: [2], o: [{ k: "x", v: 7 }], e: { b: 1, c: 2 } },
        { _id: "c", n: 3, l: [], e: {} },
        { _id: "d", n: 4, s: null, l: [5, 5], big: 2 ** 40 },
      ];
      for (const doc of docs) await client.add(name, doc);
      const cases = [
        ["eq of an object", { e: _.eq({ b: 1 }) }, "a"],
        ["eq of null", { s: _.eq(null) }, "cd"],
        ["neq", { n: _.neq(1) }, "bcd"],
        ["gt of a long", { big: _.gt(2 ** 39) }, "d"],
        ["gte and lte", { n: _.gte(2).and(_.lte(3)) }, "bc"],
        ["lt", { n: _.lt(2) }, "a"],
        ["in with a regular expression", { s: _.in([/^a/i, "bob"]) }, "ab"],
        ["nin", { n: _.nin([1, 2]) }, "cd"],
        ["exists", { s: _.exists(true) }, "abd"],
        ["exists not", { s: _.exists(false) }, "c"],
        ["mod", { n: client.laterCommands ? _.mod(2, 1) : _.mod([2, 1]) }, "ac"],
        ["all", { l: _.all([1, 9]) }, "a"],
        ["all with elemMatch", { o: _.all([_.elemMatch({ k: "x", v: 1 })]) }, "a"],
        ["elemMatch of fields", { o: _.elemMatch({ k: "x", v: _.gt(5) }) }, "b"],
        ["elemMatch of a value", { l: _.elemMatch(_.gt(8)) }, "a"],
        ["size", { l: _.size(0) }, "c"],
        ["and of conditions", _.and([{ n: _.gt(1) }, { s: _.neq(null) }]), "b"],
        ["or on a field", { n: _.or(_.lt(2), _.gt(3)) }, "ad"],
        ["nor on a field", { n: _.nor([_.lt(2), _.gt(3)]) }, "bc"],
        ["nor of conditions", _.nor([{ n: 1 }, { s: "bob" }]), "cd"],
        ["not", { n: _.not(_.eq(1)) }, "bcd"],
        ["or with and inside", _.or([{ n: 1 }, _.and([{ n: _.gte(3) }, { s: null }])]), "acd"],
        ["expr", _.expr($.gt(["$n", 2])), "cd"],
        ["expr beside a condition", _.and([{ n: _.lt(4) }, _.expr($.gt([$.size("$l"), 0]))]), "ab"],
        ["jsonSchema", _.jsonSchema({ required: ["s"], properties: { s: { bsonType: "string" } } }), "ab"],
        ["element by its place", { "l.0": 5 }, "d"],
        ["member of elements", { "o.k": "y" }, "a"],
        ["whole array", { l: [5, 5] }, "d"],
        ["regular expression", { s: /^B/i }, "b"],
      ];
      for (const [what, condition, want] of cases) {
        const query = db.collection(name).where(condition);
        assert.equal(ids(await client.find(query.orderBy("_id", "asc"))), want, what);
        assert.equal(await client.count(query), want.length, `count: ${what}`);
      }
    },
  },
  {
    name: "projection commands",
    async run({ client, commands: name }) {
      const { db } = client;
      const _ = db.command;
      const of = async (projection) => {
        const [doc] = await client.find(db.collection(name).where({ _id: "a" }).field(projection));
        return own(doc);
      };
      assert.deepEqual((await of({ l: _.project.slice(2) })).l, [1, 5]);
      assert.deepEqual((await of({ l: _.project.slice(-1) })).l, [9]);
      assert.deepEqual((await of({ l: _.project.slice([1, 1]) })).l, [5]);
      assert.deepEqual(await of({ o: _.project.elemMatch({ k: "y" }) }), { _id: "a", o: [{ k: "y", v: 8 }] });
    },
  },
  {
    name: "more update commands",
    async run({ client, commands: name }) {
      const { db } = client;
      const _ = db.command;
      const doc = db.collection(name).doc("w");
      await client.add(name, {
        _id: "w",
        flags: 7,
        nums: [1, 2, 3, 4],
        list: [{ k: 1, v: 1 }, { k: 2, v: 2 }, { k: 3, v: 3 }],
        tags: ["a"],
        line: [1, 2],
        o: { a: 1 },
      });
      const changed = await client.update(doc, {
        flags: _.bit({ and: 5 }),
        nums: _.pull(_.gt(2)),
        list: _.pull({ k: 1 }),
        tags: _.addToSet({ each: ["a", "b"] }),
        line: _.push({ each: [8, 9], position: 1 }),
        "o.a": _.rename("o.b"),
        "deep.er": _.inc(1),
      });
      assert.equal(changed, 1);
      assert.deepEqual(own(await client.getDoc(name, "w")), {
        _id: "w",
        flags: 5,
        nums: [1, 2],
        list: [{ k: 2, v: 2 }, { k: 3, v: 3 }],
        tags: ["a", "b"],
        line: [1, 8, 9, 2],
        o: { b: 1 },
        deep: { er: 1 },
      });
      await client.update(doc, { "list.$[].v": _.inc(10), tags: _.pullAll(["a"]), nums: _.remove() });
      assert.equal(await client.update(db.collection(name).where({ "list.k": 3 }), { "list.$.v": 0 }), 1);
      const { list, tags, nums } = await client.getDoc(name, "w");
      assert.deepEqual({ list, tags, nums }, { list: [{ k: 2, v: 12 }, { k: 3, v: 0 }], tags: ["b"], nums: undefined });
    },
  },
  {
    name: "update and return",
    for: (client) => client.updateAndReturn !== undefined,
    async run({ client, commands: name }) {
      const _ = client.db.command;
      const one = await client.updateAndReturn(name, { _id: "a" }, { n: _.inc(1) });
      assert.deepEqual([one.updated, one.doc._id, one.doc.n], [1, "a", 2]);
      const same = await client.updateAndReturn(name, { _id: "a" }, { n: 2 });
      assert.deepEqual([same.updated, same.doc.n], [1, 2], "the same value counts here");
      const none = await client.updateAndReturn(name, { _id: "none" }, { n: 2 });
      assert.deepEqual([none.updated, none.doc], [0, null]);
    },
  },
  {
    name: "geo queries",
    async run({ client, admin, places: name }) {
      const { db } = client;
      const { Geo, command: _ } = db;
      await admin.createCollection(name);
      const point = (lng, lat) => new Geo.Point(lng, lat);
      const ring = (...at) => new Geo.LineString(at.map(([lng, lat]) => point(lng, lat)));
      const square = (x, y, size) => new Geo.Polygon([ring([x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y])]);
      const docs = [
        { _id: "a", at: point(113.0, 23.0) },
        { _id: "b", at: point(113.01, 23.0) }, // about 1 024 m to the east
        { _id: "c", at: point(113.1, 23.0) }, // about 10 235 m
        { _id: "d", at: point(-70, -30) },
        { _id: "l", at: ring([112.9, 22.9], [113.2, 23.2]) },
        { _id: "p", at: square(112.5, 22.5, 0.2) },
      ];
      for (const doc of docs) await client.add(name, doc);
      const near = async (options, want) =>
        assert.equal(ids(await client.find(db.collection(name).where({ at: _.geoNear({ geometry: point(113, 23), ...options }) }))), want);
      await near({ maxDistance: 20_000, minDistance: 500 }, "bc");
      await near({ maxDistance: 2_000 }, "alb");
      const sorted = (condition) => client.find(db.collection(name).where(condition).orderBy("_id", "asc"));
      assert.equal(ids(await sorted({ at: _.geoWithin({ geometry: square(112, 22, 1.05) }) })), "abp");
      assert.equal(ids(await sorted({ at: _.geoIntersects({ geometry: ring([112.6, 22.6], [113.1, 22.9]) }) })), "p");
      assert.equal(ids(await sorted({ at: _.geoIntersects({ geometry: square(112.95, 22.95, 0.1) }) })), "abl");
      if (client.laterCommands) {
        assert.equal(ids(await sorted({ at: _.geoWithin({ centerSphere: [[113, 23], 2 / 6378.1] }) })), "ab");
      }
      const { at } = await client.getDoc(name, "p");
      assert.equal(at.lines[0].points[2].longitude, 112.7, "a polygon comes back as one");
    },
  },
];
