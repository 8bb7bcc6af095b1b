// The value codec: JavaScript values to the two wire forms and back
// (tcb-wire-protocol.md 6.1). One encoder, two dialects that differ in how
// numbers, dates and regular expressions are written.
//
// Dangers: keys are data, `__proto__` included, so objects are filled with
// defineProperty; and depth is bounded, because recursion is not.

import { Fault, badParameter } from './errors';
import { DbRegExp } from './database/regexp';
import { ServerDate } from './database/server-date';
import { isGeo, reviveGeo } from './database/geo';

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export interface JsonObject {
  [key: string]: Json;
}

/** Levels of nesting that the server accepts. */
export const maxDepth = 100;

/** How a dialect writes the values that JSON has no form for. */
export interface Dialect {
  readonly name: 'plain' | 'extended';
  number(value: number): Json;
  date(ms: number): Json;
  serverDate(offset: number): Json;
  regexp(pattern: string, flags: string): Json;
}

/** Old dialect: plain numbers, `{"$date": ms}`. */
export const plain: Dialect = {
  name: 'plain',
  number: (value) => (Number.isFinite(value) ? value : { $numberDouble: String(value) }),
  date: (ms) => ({ $date: ms }),
  serverDate: (offset) => ({ $date: { offset } }),
  regexp: (pattern, flags) => ({ $regex: pattern, $options: flags }),
};

/** New dialect: canonical extended JSON. */
export const extended: Dialect = {
  name: 'extended',
  number: extendedNumber,
  date: (ms) => ({ $date: { $numberLong: String(ms) } }),
  serverDate: (offset) => ({ $tcb_server_date: { offset: extendedNumber(offset) } }),
  regexp: (pattern, options) => ({ $regularExpression: { pattern, options } }),
};

function extendedNumber(value: number): Json {
  if (!Number.isInteger(value) || Object.is(value, -0)) {
    return { $numberDouble: Object.is(value, -0) ? '-0.0' : String(value) };
  }
  if (value >= -0x80000000 && value <= 0x7fffffff) return { $numberInt: String(value) };
  if (value >= -0x8000000000000000 && value < 0x8000000000000000) {
    return { $numberLong: BigInt(value).toString() };
  }
  return { $numberDouble: String(value) };
}

/** Sets a member as data, whatever its name. */
export function put(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Reports whether a value is stored as one leaf and never flattened. */
export function isLeaf(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof DbRegExp ||
    value instanceof ServerDate ||
    isGeo(value)
  );
}

/**
 * Encodes a value. Undefined members and functions are dropped as
 * JSON.stringify drops them; an object with toJSON is asked for its form.
 *
 * Codes: -402001 for data that contains itself, -401002 for binary data and
 * for nesting deeper than 100 levels.
 */
export function encode(value: unknown, dialect: Dialect): Json {
  return new Encoder(dialect).value(value) ?? null;
}

class Encoder {
  private readonly above: object[] = [];

  constructor(private readonly dialect: Dialect) {}

  /** Undefined means: there is no such value, drop its member. */
  value(value: unknown): Json | undefined {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return this.dialect.number(value);
      case 'bigint':
        return { $numberLong: value.toString() };
      case 'object':
        return value === null ? null : this.object(value);
      case 'undefined':
      case 'function':
      case 'symbol':
        return undefined;
    }
  }

  private object(value: object): Json | undefined {
    if (value instanceof Date) return this.date(value);
    if (value instanceof ServerDate) return this.dialect.serverDate(value.options.offset);
    if (value instanceof DbRegExp) return this.dialect.regexp(value.regexp, value.options);
    if (value instanceof RegExp) return this.dialect.regexp(value.source, mongoFlags(value.flags));
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      throw badParameter('binary data cannot be stored in a document; upload it as a file');
    }
    const { toJSON } = value as { toJSON?: unknown };
    return this.nested(value, () => {
      if (typeof toJSON === 'function') return this.value((toJSON as () => unknown).call(value));
      return Array.isArray(value) ? this.array(value) : this.members(value);
    });
  }

  private date(value: Date): Json {
    const ms = value.getTime();
    if (Number.isNaN(ms)) throw badParameter('an invalid Date cannot be stored');
    return this.dialect.date(ms);
  }

  private array(value: unknown[]): Json {
    return Array.from(value, (item) => this.value(item) ?? null);
  }

  private members(value: object): Json {
    const out: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      const encoded = this.value(member);
      if (encoded !== undefined) put(out, key, encoded);
    }
    return out;
  }

  private nested<T>(value: object, work: () => T): T {
    if (this.above.includes(value)) throw circular();
    if (this.above.length >= maxDepth) throw tooDeep();
    this.above.push(value);
    const result = work();
    this.above.pop();
    return result;
  }
}

/** The failure for data that contains itself. */
export function circular(): Fault {
  return new Fault(-402001, 'Cannot convert circular structure to JSON');
}

/** The failure for data nested too deep for the server. */
export function tooDeep(): Fault {
  return badParameter(`data is nested deeper than ${maxDepth} levels`);
}

/** The flags that the database knows. */
function mongoFlags(flags: string): string {
  return Array.from(flags)
    .filter((flag) => 'ims'.includes(flag))
    .join('');
}

/**
 * Decodes a value of either dialect: dates, numbers, regular expressions and
 * GeoJSON become their JavaScript form, an ObjectId becomes its text. Integers
 * beyond 2^53 lose precision.
 */
export function decode(value: unknown): unknown {
  return revive(value, reviveGeo);
}

/** Decodes as decode does, but leaves GeoJSON as plain objects. */
export function decodePlainGeo(value: unknown): unknown {
  return revive(value, () => undefined);
}

function revive(value: unknown, geo: (value: object) => object | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => revive(item, geo));
  const special = decodeSpecial(value as Record<string, unknown>);
  if (special !== undefined) return special;
  const out = {};
  for (const [key, member] of Object.entries(value)) put(out, key, revive(member, geo));
  return geo(out) ?? out;
}

function decodeSpecial(value: Record<string, unknown>): unknown {
  const keys = Object.keys(value);
  const key = keys[0];
  if (key?.startsWith('$') !== true || keys.length > 2) return undefined;
  const inner = value[key];
  switch (key) {
    case '$numberInt':
    case '$numberLong':
    case '$numberDouble':
    case '$numberDecimal':
      return typeof inner === 'string' ? Number(inner) : undefined;
    case '$oid':
      return typeof inner === 'string' ? inner : undefined;
    case '$date':
      return decodeDate(inner);
    case '$regularExpression':
      return decodeRegExp((inner as { pattern?: unknown }).pattern, (inner as { options?: unknown }).options);
    case '$regex':
      return decodeRegExp(inner, value['$options'] ?? '');
    default:
      return undefined;
  }
}

function decodeDate(inner: unknown): Date | undefined {
  if (typeof inner === 'number' || typeof inner === 'string') return new Date(inner);
  const { $numberLong } = (inner ?? {}) as { $numberLong?: unknown };
  return typeof $numberLong === 'string' ? new Date(Number($numberLong)) : undefined;
}

function decodeRegExp(pattern: unknown, flags: unknown): RegExp | DbRegExp | undefined {
  if (typeof pattern !== 'string' || typeof flags !== 'string') return undefined;
  try {
    return new RegExp(pattern, flags);
  } catch {
    // Valid in the database, not in JavaScript (flag x, PCRE syntax).
    return new DbRegExp({ regexp: pattern, options: flags });
  }
}
