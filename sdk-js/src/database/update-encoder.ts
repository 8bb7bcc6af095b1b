// Updates to the update language of the wire (tcb-wire-protocol.md 6.3,
// wx-cloud-api.md 3.7 and 4.3), in either dialect.

import { badParameter, badType } from '../errors';
import { circular, encode, maxDepth, put, tooDeep, type Dialect, type Json, type JsonObject } from '../value';
import { ProjectionCommand, QueryCommand, UpdateCommand } from './command';
import { encodePull, isNestable } from './query-encoder';

/**
 * Encodes the data of `update`: commands are grouped by operator, plain values
 * go to `$set`, nested objects become dotted paths and an empty one is
 * dropped. The result is empty when there is nothing to change.
 *
 * Codes: -401002, -401003, -402001.
 */
export function encodeUpdate(data: unknown, dialect: Dialect): JsonObject {
  if (!isNestable(data)) throw badType('data', 'object', data);
  const encoder = new UpdateEncoder(dialect);
  encoder.members('', data);
  return encoder.operators;
}

class UpdateEncoder {
  readonly operators: JsonObject = {};
  private readonly above: object[] = [];

  constructor(private readonly dialect: Dialect) {}

  members(prefix: string, value: object): void {
    if (this.above.includes(value)) throw circular();
    if (this.above.length >= maxDepth) throw tooDeep();
    this.above.push(value);
    for (const [key, member] of Object.entries(value)) {
      // `$` and `$[]` stand for array elements; any other `$` is an operator written by hand.
      if (/^\$[^[.]/.test(key)) throw badParameter(`${prefix}${key}: updates are written with db.command`);
      this.field(prefix + key, member);
    }
    this.above.pop();
  }

  private field(path: string, value: unknown): void {
    if (value === undefined) return;
    if (value instanceof UpdateCommand) {
      this.command(path, value);
      return;
    }
    if (value instanceof QueryCommand || value instanceof ProjectionCommand) {
      throw badParameter(`${path}: a condition of db.command is not an update`);
    }
    if (!isNestable(value)) {
      this.add('$set', path, encode(value, this.dialect));
      return;
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') this.field(path, (toJSON as () => unknown).call(value));
    else this.members(`${path}.`, value);
  }

  private command(path: string, { operator, operands }: UpdateCommand): void {
    const [operand] = operands;
    switch (operator) {
      case 'set':
      case 'inc':
      case 'mul':
      case 'min':
      case 'max':
      case 'rename':
      case 'bit':
      case 'pullAll':
        this.add(`$${operator}`, path, encode(operand, this.dialect));
        return;
      case 'remove':
        this.add('$unset', path, '');
        return;
      case 'push':
        this.add('$push', path, this.push(operands));
        return;
      case 'unshift':
        this.add('$push', path, { $each: this.list(operands), $position: this.dialect.number(0) });
        return;
      case 'pop':
        this.add('$pop', path, this.dialect.number(1));
        return;
      case 'shift':
        this.add('$pop', path, this.dialect.number(-1));
        return;
      case 'pull':
        this.add('$pull', path, encodePull(operand, this.dialect));
        return;
      case 'addToSet':
        this.add('$addToSet', path, this.addToSet(operand));
    }
  }

  /** `push(v)`, `push([v, …])`, `push(v, …)` or `push({each, position, sort, slice})`. */
  private push(operands: readonly unknown[]): Json {
    const [spec] = operands;
    if (operands.length !== 1 || !hasEach(spec)) return { $each: this.list(operands) };
    const { each, position, sort, slice } = spec;
    return encode({ $each: each, $position: position, $sort: sort, $slice: slice }, this.dialect);
  }

  private addToSet(operand: unknown): Json {
    const { $each } = (operand ?? {}) as { $each?: unknown };
    const each = hasEach(operand) ? operand.each : $each;
    return Array.isArray(each) ? { $each: encode(each, this.dialect) } : encode(operand, this.dialect);
  }

  /** The values to add: a single array stands for its elements. */
  private list(operands: readonly unknown[]): Json {
    const [first] = operands;
    return encode(operands.length === 1 && Array.isArray(first) ? first : operands, this.dialect);
  }

  private add(operator: string, path: string, value: Json): void {
    const group = (this.operators[operator] ??= {});
    put(group as JsonObject, path, value);
  }
}

interface EachSpec {
  each: unknown[];
  position?: unknown;
  sort?: unknown;
  slice?: unknown;
}

function hasEach(value: unknown): value is EachSpec {
  return typeof value === 'object' && value !== null && Array.isArray((value as { each?: unknown }).each);
}
