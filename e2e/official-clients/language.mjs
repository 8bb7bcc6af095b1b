// The cases of the query language (db/testdata, db/*/testdata) through the
// unmodified wx-server-sdk against the real binary: what the SDK makes of a
// condition, an update, a projection or a pipeline must mean what the case says.
//
//   node language.mjs [PART OF A CASE'S NAME …]
//
// Documents are put in by an admin key over plain HTTP, so that their types stay;
// everything else goes through the SDK. Cases that it cannot express are left out
// and counted.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root, startServer } from "../server.mjs";
import { newAdmin } from "./admin.mjs";
import { comparable, inexpressible } from "./cases.mjs";

const atOnce = 12;
const leastCases = 1000;

/** Each file with the way its cases run. */
const files = [
  ["db/testdata/language/match.jsonl", runMatch],
  ["db/testdata/language/sort.jsonl", runSort],
  ["db/testdata/language/projection.jsonl", runProjection],
  ["db/testdata/language/update.jsonl", runUpdate],
  ["db/query/testdata/geo.jsonl", runGeo],
  ["db/aggregate/testdata/pipeline.jsonl", runPipeline],
  ["db/expr/testdata/eval.jsonl", runExpression],
  ["db/expr/testdata/accumulate.jsonl", runAccumulator],
];

/** NotStored: the server refuses to store what a case begins with. */
class NotStored extends Error {}

/** Room is what one worker has: a collection of its own that it empties for each case. */
class Room {
  constructor(db, admin, name) {
    Object.assign(this, { db, admin, name });
  }
  async open() {
    await this.admin.createCollection(this.name);
    this.others = new Map();
    return this;
  }
  /** The collection in the SDK, whose raw mode takes conditions as MongoDB writes them. */
  raw(options = {}) {
    return this.db._db.collection(this.name).options({ raw: true, ...options });
  }
  async fill(documents = []) {
    await this.admin.remove(this.name, {});
    if (documents.length === 0) return [];
    try {
      return (await this.admin.insert(this.name, ...documents)).insertedIds;
    } catch (err) {
      throw new NotStored(err.message);
    }
  }
  /** other makes the collection that a case calls so. */
  async other(as, documents) {
    const name = `${this.name}_${as}`;
    if (!this.others.has(as)) {
      await this.admin.createCollection(name);
      this.others.set(as, name);
    }
    await this.admin.remove(name, {});
    if (documents.length > 0) await this.admin.insert(name, ...documents);
    return name;
  }
}

/** outcome is what the SDK answered: a value, or the code and text of an error. */
async function outcome(promise) {
  try {
    const answer = await promise;
    return answer?.code ? { code: answer.code, text: answer.message } : { answer };
  } catch (err) {
    if (err.code === undefined) throw err;
    return { code: err.code, text: err.message };
  }
}

/** settle compares an outcome with what the case expects; `got` takes the answer apart. */
function settle({ code, error, expect }, { answer, code: was, text }, got, want = expect) {
  if (error !== undefined) {
    assert.ok(was !== undefined, `it was not refused: ${JSON.stringify(answer)?.slice(0, 300)}`);
    if (code !== undefined) assert.equal(was, code, text);
    if (typeof error === "string") assert.ok(text.includes(error), `${text} does not contain ${error}`);
    return;
  }
  assert.equal(was, undefined, `${was}: ${text}`);
  assert.deepEqual(comparable(got(answer)), comparable(want));
}

const idsOf = (answer) => answer.data.map((d) => d._id);

async function runMatch(room, test) {
  await room.fill(test.documents);
  settle(test, await outcome(room.raw().where(test.query).get()), idsOf);
}

async function runSort(room, test) {
  await room.fill(test.documents);
  let query = room.raw();
  for (const [path, direction] of Object.entries(test.sort)) query = query.orderBy(path, direction === 1 ? "asc" : "desc");
  const { answer, ...failed } = await outcome(query.get());
  if (test.error !== undefined || failed.code) return settle(test, { answer, ...failed }, idsOf);
  // Documents that are equal may come in any order.
  const ids = idsOf(answer);
  for (const group of test.expect) {
    if (Array.isArray(group)) assert.deepEqual(comparable(ids.splice(0, group.length)).sort(), comparable(group).sort());
    else assert.deepEqual(comparable(ids.shift()), comparable(group));
  }
  assert.deepEqual(ids, []);
}

async function runProjection(room, test) {
  await room.fill(test.document && [test.document]);
  const query = room.raw().where(test.query ?? {}).field(test.projection);
  const whole = test.expect && !("_id" in test.expect) && !("_id" in (test.document ?? {}));
  settle(test, await outcome(query.get()), ({ data: [doc] }) => (whole ? without(doc, "_id") : doc));
}

async function runUpdate(room, test) {
  const [id] = await room.fill(test.document && [test.document]);
  const query = test.query ?? (id === undefined ? {} : { _id: id });
  const done = await outcome(room.raw({ multiple: false }).where(query).update(test.update));
  if (test.error !== undefined || done.code) return settle(test, done);
  const [after] = await room.admin.find(room.name);
  const own = "_id" in test.document ? after : without(after, "_id");
  assert.deepEqual(comparable(own), comparable(test.unchanged ? test.document : test.expect));
  assert.equal(done.answer.updated, test.unchanged ? 0 : 1, "documents that are different now");
}

async function runGeo(room, test) {
  await room.fill([test.document]);
  settle(test, await outcome(room.raw().where(test.query).get()), ({ data }) => data.length === 1);
}

async function runPipeline(room, test) {
  await room.fill(test.documents);
  const names = new Map([["c", room.name]]);
  for (const [as, documents] of Object.entries(test.collections ?? {})) names.set(as, await room.other(as, documents));
  const done = await outcome(room.raw().aggregate(renamed(test.pipeline, names)).end());
  const got = ({ data }) => (test.unordered ? sorted(data) : data);
  settle(test, done, got, test.unordered && test.expect ? sorted(test.expect) : test.expect);
}

async function runExpression(room, test) {
  await room.fill([test.document]);
  const stages = [{ $project: { _id: 0 } }, { $replaceRoot: { newRoot: { result: test.expression } } }];
  const expect = test.missing ? [] : [test.expect];
  const got = ({ data: [doc] }) => ("result" in doc ? [doc.result] : []);
  settle(test, await outcome(room.raw().aggregate(stages).end()), got, expect);
}

async function runAccumulator(room, test) {
  await room.fill(test.documents);
  const stages = [{ $group: { _id: null, result: test.accumulator } }];
  settle(test, await outcome(room.raw().aggregate(stages).end()), ({ data: [doc] }) => doc?.result ?? null);
}

function without(doc, name) {
  const { [name]: _, ...rest } = doc;
  return rest;
}

function sorted(docs) {
  return comparable(docs).map((d) => JSON.stringify(d)).sort();
}

/** renamed puts a worker's own names of collections into a pipeline. */
function renamed(value, names) {
  if (Array.isArray(value)) return value.map((v) => renamed(v, names));
  if (typeof value !== "object" || value === null) return value;
  const name = (key, v) =>
    ["from", "coll", "$unionWith"].includes(key) && names.has(v) ? names.get(v) : renamed(v, names);
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, name(key, v)]));
}

/** readCases returns all cases, those that the SDK cannot express with the reason. */
async function readCases(wanted) {
  const cases = [];
  for (const [file, run] of files) {
    for (const line of (await readFile(join(root, file), "utf8")).split("\n")) {
      if (line.trim() === "") continue;
      const test = JSON.parse(line);
      const name = `${file.split("/").at(-1)}: ${test.name}`;
      if (wanted.length > 0 && !wanted.some((w) => name.includes(w))) continue;
      cases.push({ name, test, run, reason: inexpressible(line, test) });
    }
  }
  return cases;
}

async function work(room, queue, failures) {
  for (let next = queue.shift(); next; next = queue.shift()) {
    try {
      await next.run(room, next.test);
    } catch (err) {
      if (err instanceof NotStored) next.reason = "the server does not store its document";
      else failures.push(`✗ ${next.name}\n${String(err.message ?? err).slice(0, 1500).replace(/^/gm, "    ")}`);
    }
  }
}

const wanted = process.argv.slice(2);
const cases = await readCases(wanted);
const queue = cases.filter((c) => c.reason === undefined);
const began = performance.now();
const failures = [];
const server = await startServer();
try {
  const pair = await server.baas("key", "create", "--kind", "pair");
  const { key: apiKey } = await server.baas("key", "create", "--kind", "api");
  process.env.TCB_CONTEXT_CNFG = JSON.stringify({ URL: `${server.url}/admin` });
  process.env.TENCENTCLOUD_SECRETID = pair.secretId;
  process.env.TENCENTCLOUD_SECRETKEY = pair.secretKey;
  const cloud = createRequire(import.meta.url)("wx-server-sdk-4");
  cloud.init({ env: "dev" });
  const admin = newAdmin({ url: server.url, env: "dev", apiKey });
  const run = randomBytes(3).toString("hex");
  const rooms = await Promise.all(
    Array.from({ length: atOnce }, (_, i) => new Room(cloud.database(), admin, `cases_${run}_${i}`).open()),
  );
  await Promise.all(rooms.map((room) => work(room, queue, failures)));
} finally {
  await server.stop();
}

const count = cases.filter((c) => c.reason === undefined).length;
const left = new Map();
for (const { reason } of cases) if (reason !== undefined) left.set(reason, (left.get(reason) ?? 0) + 1);
for (const failure of failures) console.log(failure);
for (const [reason, n] of left) console.log(`left out: ${n} × ${reason}`);
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(`language cases through wx-server-sdk: ${count - failures.length} passed, ${failures.length} failed, ${seconds} s`);
if (wanted.length === 0 && count < leastCases) console.log(`fewer than ${leastCases} cases were run`);
process.exitCode = failures.length === 0 && (wanted.length > 0 || count >= leastCases) ? 0 : 1;
// The SDK keeps sockets open.
process.exit();
