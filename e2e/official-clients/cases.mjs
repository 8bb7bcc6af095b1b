// What a case of the query language is to an SDK: can it be said, and when are
// two values the same (db/testdata/language/README.md).

/** inexpressible returns why the SDK cannot say what a case asks; undefined when it can. */
export function inexpressible(line, test) {
  if (squeezed(JSON.stringify(test)) !== squeezed(line)) return "JavaScript does not keep its numbers or the order of its members";
  if (/\$currentDate|\$\$NOW|"offset"|\$rand\b|\$sampleRate/.test(line)) return "it has a clock or chance of its own";
  if (test.arrayFilters !== undefined) return "the SDK has no arrayFilters";
  if (/\$collStats|\$indexStats/.test(line)) return "it describes a store of its own";
  if (test.accumulator && test.documents.length === 0) return "a group of no documents is no group";
  if (test.upsert) return "the SDK updates by condition without making a document";
  const say = [wordedUpdate, wordedProjection, wordedSort, wordedPipeline, wordedQuery];
  return say.map((check) => check(test)).find((reason) => reason !== undefined);
}

/** squeezed takes the spaces out, which is all that may differ. */
function squeezed(text) {
  return text.replace(/\s/g, "").replace(/\\u[0-9a-f]{4}/gi, "");
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function wordedQuery({ query }) {
  if (query === undefined || isObject(query)) return undefined;
  return "the SDK takes objects as conditions only";
}

function wordedUpdate({ update }) {
  if (update === undefined || Array.isArray(update)) return undefined;
  const keys = isObject(update) ? Object.keys(update) : [];
  if (keys.some((key) => isObject(update[key]) && "_id" in update[key])) return "the server refuses _id in any update";
  if (keys.length > 0 && keys.every((key) => key.startsWith("$"))) return undefined;
  return "without operators an update means $set";
}

function wordedProjection({ projection }) {
  if (projection === undefined) return undefined;
  if (!isObject(projection) || Object.keys(projection).length === 0) return "an empty projection is none";
  const known = (value) => [0, 1, true, false].includes(value) || (typeof value === "object" && value !== null);
  return Object.values(projection).every(known) ? undefined : "field() takes booleans, 0, 1 and objects only";
}

function wordedSort({ sort }) {
  if (sort === undefined) return undefined;
  const known = isObject(sort) && Object.entries(sort).every(([path, direction]) => /^[^$]/.test(path) && [1, -1].includes(direction));
  return known ? undefined : "orderBy() takes paths with asc and desc only";
}

function wordedPipeline({ pipeline }) {
  if (pipeline === undefined) return undefined;
  const stages = Array.isArray(pipeline) && pipeline.every((stage) => isObject(stage) && Object.keys(stage).length === 1);
  return stages && pipeline.length > 0 ? undefined : "aggregate() takes stages of one member only";
}

/**
 * comparable brings what an SDK returns and what a case expects to one form:
 * numbers by value, everything else as plain data.
 */
export function comparable(value) {
  if (typeof value === "number") return number(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(comparable);
  if (value instanceof Date) return { date: value.getTime() };
  if (value instanceof RegExp) return { pattern: value.source, options: value.flags };
  return value._bsontype === undefined ? object(value) : bson(value);
}

/** NaN equals itself, and -0 is 0. */
function number(value) {
  if (Number.isNaN(value)) return "NaN";
  return value === 0 ? 0 : value;
}

function bson(value) {
  switch (value._bsontype) {
    case "Int32":
    case "Double":
    case "Long":
      return number(Number(value));
    case "ObjectID":
    case "ObjectId":
      return value.toHexString();
    case "Binary":
      return { binary: value.buffer.toString("base64") };
    case "BSONRegExp":
      return { pattern: value.pattern, options: value.options };
    case "Timestamp":
      return { timestamp: `${value.high >>> 0}.${value.low >>> 0}` };
    default:
      return { [value._bsontype]: String(value) };
  }
}

function object(value) {
  const [key, ...more] = Object.keys(value);
  if (more.length === 0 || (key === "$regex" && more.length === 1)) {
    const inner = value[key];
    switch (key) {
      case "$numberInt":
      case "$numberLong":
      case "$numberDouble":
        return number(Number(inner));
      case "$date":
        return { date: dateOf(inner) };
      case "$oid":
        return inner;
      case "$uuid":
        return { binary: Buffer.from(inner.replaceAll("-", ""), "hex").toString("base64") };
      case "$binary":
        return { binary: inner.base64 };
      case "$regularExpression":
        return { pattern: inner.pattern, options: inner.options };
      case "$regex":
        return { pattern: inner, options: value.$options ?? "" };
      case "$timestamp":
        return { timestamp: `${comparable(inner.t)}.${comparable(inner.i)}` };
    }
  }
  if (typeof value.toJSON === "function") return comparable(value.toJSON()); // Geo.*
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, comparable(v)]));
}

function dateOf(inner) {
  if (typeof inner === "string") return Date.parse(inner);
  return typeof inner === "number" ? inner : Number(inner.$numberLong ?? inner.$numberInt);
}
