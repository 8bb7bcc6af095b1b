// The database's sort order over decoded values, for results that the SDK
// keeps in order itself (wx-cloud-api.md 3.10).

import { isNestable } from './query-encoder';

/** Compares as the database sorts: by type first, then by value. */
export function compareValues(a: unknown, b: unknown): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return Math.sign(rank);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (a instanceof Date && b instanceof Date) return Math.sign(a.getTime() - b.getTime());
  if (isNestable(a) && isNestable(b)) return compareLists(Object.entries(a).flat(), Object.entries(b).flat());
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  return Number(a) - Number(b) || 0;
}

/** Order of types: null and missing, numbers, strings, objects, arrays, booleans, dates, expressions. */
function rankOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' || typeof value === 'bigint') return 1;
  if (typeof value === 'string') return 2;
  if (typeof value === 'boolean') return 5;
  if (Array.isArray(value)) return 4;
  if (value instanceof Date) return 6;
  return value instanceof RegExp ? 7 : 3;
}

function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return Math.sign(a - b);
}

/** By code point: the database compares bytes of UTF-8. */
function compareText(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(left.length - right.length);
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const order = compareValues(a[at], b[at]);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

/** The value that a document sorts by: of an array, its least element, or its greatest. */
export function sortKey(document: unknown, path: string, direction: 'asc' | 'desc'): unknown {
  const value = valueAt(document, path.split('.'));
  if (!Array.isArray(value) || value.length === 0) return Array.isArray(value) ? undefined : value;
  const wanted = direction === 'asc' ? -1 : 1;
  return value.reduce((best: unknown, item: unknown) => (compareValues(item, best) === wanted ? item : best));
}

function valueAt(from: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return from;
  if (Array.isArray(from) && !/^\d+$/.test(key)) return from.flatMap((item) => valueAt(item, path) ?? []);
  if (typeof from !== 'object' || from === null || !Object.prototype.hasOwnProperty.call(from, key))
    return undefined;
  return valueAt((from as Record<string, unknown>)[key], rest);
}
