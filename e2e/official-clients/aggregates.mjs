// Steps about aggregations: stages and operators as applications write them.
import assert from "node:assert/strict";

const orders = [
  { _id: "1", city: "gz", n: 3, tags: ["a", "b"], buyer: "u1", at: new Date(Date.UTC(2026, 0, 31, 17)) },
  { _id: "2", city: "gz", n: 5, tags: ["b"], buyer: "u2", at: new Date(Date.UTC(2026, 1, 1)) },
  { _id: "3", city: "sz", n: 10, tags: [], buyer: "u1" },
  { _id: "4", city: "sz", n: 20, buyer: "u3", sub: { k: 1 } },
];
const buyers = [
  { _id: "u1", name: "Li", level: 1 },
  { _id: "u2", name: "Wang", level: 2 },
];

export const aggregateSteps = [
  {
    name: "aggregate: stages",
    async run({ client, admin, orders: name, buyers: other }) {
      const { db } = client;
      const $ = db.command.aggregate;
      const _ = db.command;
      await admin.createCollection(name);
      await admin.createCollection(other);
      for (const doc of orders) await client.add(name, doc);
      for (const doc of buyers) await client.add(other, doc);
      const from = () => db.collection(name).aggregate();
      const cases = [
        ["match and project", from().match({ n: _.gt(3).and(_.lt(20)) }).sort({ _id: 1 }).project({ _id: 0, n: 1 }), [{ n: 5 }, { n: 10 }]],
        ["match by an expression", from().match(_.expr($.eq(["$city", "sz"]))).count("n"), [{ n: 2 }]],
        [
          "group",
          from()
            .group({ _id: "$city", total: $.sum("$n"), count: $.sum(1), mean: $.avg("$n"), most: $.max("$n"), least: $.min("$n"), list: $.push("$n") })
            .sort({ _id: 1 }),
          [
            { _id: "gz", total: 8, count: 2, mean: 4, most: 5, least: 3, list: [3, 5] },
            { _id: "sz", total: 30, count: 2, mean: 15, most: 20, least: 10, list: [10, 20] },
          ],
        ],
        [
          "group after sort",
          from().sort({ n: -1 }).group({ _id: null, first: $.first("$_id"), last: $.last("$_id"), cities: $.addToSet("$city") }).project({ _id: 0, first: 1, last: 1, cities: $.size("$cities") }),
          [{ first: "4", last: "1", cities: 2 }],
        ],
        ["addFields", from().match({ _id: "1" }).addFields({ twice: $.multiply(["$n", 2]), "in.side": true }).project({ twice: 1, in: 1 }), [{ _id: "1", twice: 6, in: { side: true } }]],
        [
          "bucket",
          from().bucket({ groupBy: "$n", boundaries: [0, 5, 15], default: "more", output: { count: $.sum(1), ids: $.push("$_id") } }).sort({ count: 1, ids: 1 }),
          [
            { _id: 0, count: 1, ids: ["1"] },
            { _id: "more", count: 1, ids: ["4"] },
            { _id: 5, count: 2, ids: ["2", "3"] },
          ],
        ],
        ["bucketAuto", from().bucketAuto({ groupBy: "$n", buckets: 2 }), [{ _id: { min: 3, max: 10 }, count: 2 }, { _id: { min: 10, max: 20 }, count: 2 }]],
        ["count of nothing", from().match({ n: 99 }).count("n"), []],
        ["skip and limit", from().sort({ n: 1 }).skip(1).limit(2).project({ n: 1, _id: 0 }), [{ n: 5 }, { n: 10 }]],
        ["sortByCount", from().sortByCount("$city").sort({ _id: 1 }), [{ _id: "gz", count: 2 }, { _id: "sz", count: 2 }]],
        ["unwind", from().unwind("$tags").sort({ _id: 1, tags: 1 }).project({ tags: 1 }), [{ _id: "1", tags: "a" }, { _id: "1", tags: "b" }, { _id: "2", tags: "b" }]],
        [
          "unwind with options",
          from().match({ n: _.lte(10) }).unwind({ path: "$tags", includeArrayIndex: "i", preserveNullAndEmptyArrays: true }).sort({ _id: 1, i: 1 }).project({ i: 1 }),
          [{ _id: "1", i: 0 }, { _id: "1", i: 1 }, { _id: "2", i: 0 }, { _id: "3", i: null }],
        ],
        ["replaceRoot", from().match({ _id: "4" }).replaceRoot({ newRoot: $.mergeObjects(["$sub", { n: "$n" }]) }), [{ k: 1, n: 20 }]],
        ["sample", from().sample({ size: 3 }).count("n"), [{ n: 3 }]],
        [
          "lookup",
          from().lookup({ from: other, localField: "buyer", foreignField: "_id", as: "who" }).sort({ _id: 1 }).project({ who: "$who.name" }),
          [{ _id: "1", who: ["Li"] }, { _id: "2", who: ["Wang"] }, { _id: "3", who: ["Li"] }, { _id: "4", who: [] }],
        ],
        [
          "lookup by a pipeline",
          from()
            .lookup({
              from: other,
              let: { buyer: "$buyer" },
              pipeline: $.pipeline()
                .match(_.expr($.and([$.eq(["$_id", "$$buyer"]), $.gt(["$level", 1])])))
                .project({ _id: 0, name: 1 })
                .done(),
              as: "who",
            })
            .match({ who: _.neq([]) })
            .project({ who: 1 }),
          [{ _id: "2", who: [{ name: "Wang" }] }],
        ],
      ];
      for (const [what, aggregate, want] of cases) assert.deepEqual(await client.aggregate(aggregate), want, what);
    },
  },
  {
    name: "aggregate: operators",
    async run({ client, orders: name }) {
      const { db } = client;
      const $ = db.command.aggregate;
      const [got] = await client.aggregate(
        db
          .collection(name)
          .aggregate()
          .match({ _id: "1" })
          .project({
            _id: 0,
            arithmetic: [$.add(["$n", 1]), $.subtract(["$n", 1]), $.divide(["$n", 2]), $.mod(["$n", 2]), $.pow(["$n", 2]), $.abs(-1), $.ceil(1.2), $.floor(1.8)],
            texts: [$.concat(["$city", "-", "$_id"]), $.toUpper("$city"), $.substr(["$city", 0, 1]), $.strLenCP("$city"), $.indexOfCP(["$city", "z"]), $.split(["a,b", ","])],
            lists: [$.size("$tags"), $.arrayElemAt(["$tags", -1]), $.in(["a", "$tags"]), $.slice(["$tags", 1]), $.reverseArray("$tags"), $.concatArrays(["$tags", ["c"]])],
            mapped: $.map({ input: "$tags", as: "t", in: $.concat(["$$t", "!"]) }),
            filtered: $.filter({ input: "$tags", as: "t", cond: $.neq(["$$t", "a"]) }),
            reduced: $.reduce({ input: [1, 2, 3], initialValue: 0, in: $.add(["$$value", "$$this"]) }),
            zipped: $.zip({ inputs: ["$tags", [1, 2]] }),
            range: $.range([0, 6, 2]),
            cond: $.cond({ if: $.gte(["$n", 3]), then: "many", else: "few" }),
            none: $.ifNull(["$none", "nothing"]),
            chosen: $.switch({ branches: [{ case: $.eq(["$city", "sz"]), then: 1 }], default: 2 }),
            logic: [$.and(["$n", true]), $.or([false, null]), $.not([false]), $.cmp(["$n", 5])],
            literal: $.literal("$n"),
            let: $.let({ vars: { k: "$n" }, in: $.multiply(["$$k", "$$k"]) }),
            day: $.dateToString({ date: "$at", format: "%Y-%m-%d %H:%M", timezone: "Asia/Shanghai" }),
            parts: [$.year("$at"), $.month("$at"), $.dayOfMonth("$at"), $.hour("$at"), $.dayOfWeek("$at"), $.isoWeek("$at")],
            made: $.dateFromParts({ year: 2026, month: 2, day: 3 }),
            read: $.dateFromString({ dateString: "2026-02-03T00:00:00.000Z" }),
            sets: [$.setUnion(["$tags", ["a"]]), $.setIntersection(["$tags", ["b"]]), $.setIsSubset([["a"], "$tags"]), $.allElementsTrue([[true, 1]])],
            pairs: $.objectToArray({ k: "$n" }),
            object: $.arrayToObject([[["x", 1]]]),
          }),
      );
      const day = new Date(Date.UTC(2026, 1, 3));
      assert.deepEqual(got, {
        arithmetic: [4, 2, 1.5, 1, 9, 1, 2, 1],
        texts: ["gz-1", "GZ", "g", 2, 1, ["a", "b"]],
        lists: [2, "b", true, ["a"], ["b", "a"], ["a", "b", "c"]],
        mapped: ["a!", "b!"],
        filtered: ["b"],
        reduced: 6,
        zipped: [["a", 1], ["b", 2]],
        range: [0, 2, 4],
        cond: "many",
        none: "nothing",
        chosen: 2,
        logic: [true, false, true, -1],
        literal: "$n",
        let: 9,
        day: "2026-02-01 01:00",
        parts: [2026, 1, 31, 17, 7, 5],
        made: day,
        read: day,
        sets: [["a", "b"], ["b"], true, true],
        pairs: [{ k: "k", v: 3 }],
        object: { x: 1 },
      });
    },
  },
  {
    name: "aggregate: geoNear",
    async run({ client, places: name }) {
      const { db } = client;
      const near = await client.aggregate(
        db
          .collection(name)
          .aggregate()
          .geoNear({ near: new db.Geo.Point(113, 23), spherical: true, distanceField: "far", minDistance: 500, maxDistance: 20_000, key: "at" })
          .project({ far: db.command.aggregate.floor("$far") }),
      );
      assert.deepEqual(near.map((d) => d._id), ["b", "c"]);
      assert.ok(Math.abs(near[0].far - 1024) < 5, `${near[0].far} m`);
    },
  },
  {
    name: "aggregate: how many",
    async run({ client, admin, uid, buyers: name }) {
      const { db } = client;
      await admin.insert(name, ...Array.from({ length: 25 }, (_, i) => ({ _id: `x${i}`, many: true, _openid: uid })));
      const many = () => db.collection(name).aggregate().match({ many: true });
      assert.equal((await client.aggregate(many())).length, client.user ? 20 : 25);
      assert.equal((await client.aggregate(many().limit(23))).length, 23);
    },
  },
  {
    name: "aggregate: errors",
    async run({ client, missing, orders: name }) {
      const { db } = client;
      const none = await client.failure(client.aggregate(db.collection(missing).aggregate().count("n")));
      assert.equal(none.code, client.codes.aggregateMissing ?? client.codes.collectionMissing, none.text);
      const failed = await client.failure(client.aggregate(db.collection(name).aggregate().project({ x: db.command.aggregate.divide(["$n", 0]) })));
      assert.equal(failed.code, client.codes.aggregateFailed ?? client.codes.duplicateID, failed.text);
    },
  },
];
