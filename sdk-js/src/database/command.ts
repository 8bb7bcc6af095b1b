// db.command: conditions, updates and projections as values. A command says
// what is wanted; query-encoder and update-encoder say how that looks on the
// wire. All classes here are immutable.

import { Fault, badParameter, badType } from '../errors';
import { aggregateCommand } from './aggregate-command';
import { checkGeoQuery, type GeoQueryOperator } from './geo';

/** Query operators with one operand (wx-cloud-api.md 4.1). */
export type QueryOperator =
  | 'eq'
  | 'neq'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'in'
  | 'nin'
  | 'exists'
  | 'mod'
  | 'all'
  | 'elemMatch'
  | 'size'
  | 'geoNear'
  | 'geoWithin'
  | 'geoIntersects'
  | 'expr'
  | 'jsonSchema'
  | 'text';

/** Query operators that stand for a whole condition, not for that of a field. */
export type RootOperator = 'expr' | 'jsonSchema' | 'text';

/** Operators that join conditions (wx-cloud-api.md 4.2). */
export type LogicOperator = 'and' | 'or' | 'nor' | 'not';

/** What a condition command stands for. */
export type Condition =
  | { kind: 'query'; operator: QueryOperator; operand: unknown }
  | { kind: 'logic'; operator: LogicOperator; parts: readonly unknown[] };

/** Update operators (wx-cloud-api.md 4.3). */
export type UpdateOperator =
  | 'set'
  | 'remove'
  | 'inc'
  | 'mul'
  | 'min'
  | 'max'
  | 'rename'
  | 'bit'
  | 'push'
  | 'unshift'
  | 'pop'
  | 'shift'
  | 'pull'
  | 'pullAll'
  | 'addToSet';

/** A condition: what `_.gt(1)` returns. Chaining joins with and. */
export class QueryCommand {
  constructor(readonly condition: Condition) {}

  /** A condition is not data: it must not reach a document unnoticed. */
  toJSON(): never {
    throw badParameter('a condition of db.command can only be used in where');
  }

  eq(value: unknown): QueryCommand {
    return this.and(query('eq', value));
  }
  neq(value: unknown): QueryCommand {
    return this.and(query('neq', value));
  }
  gt(value: unknown): QueryCommand {
    return this.and(query('gt', value));
  }
  gte(value: unknown): QueryCommand {
    return this.and(query('gte', value));
  }
  lt(value: unknown): QueryCommand {
    return this.and(query('lt', value));
  }
  lte(value: unknown): QueryCommand {
    return this.and(query('lte', value));
  }
  in(values: unknown[]): QueryCommand {
    return this.and(command.in(values));
  }
  nin(values: unknown[]): QueryCommand {
    return this.and(command.nin(values));
  }
  exists(present = true): QueryCommand {
    return this.and(query('exists', present));
  }
  mod(divisor: number | [number, number], remainder?: number): QueryCommand {
    return this.and(command.mod(divisor, remainder));
  }
  all(values: unknown[]): QueryCommand {
    return this.and(command.all(values));
  }
  elemMatch(condition: unknown): QueryCommand {
    return this.and(query('elemMatch', condition));
  }
  size(length: number): QueryCommand {
    return this.and(query('size', length));
  }
  geoNear(options: object): QueryCommand {
    return this.and(command.geoNear(options));
  }
  geoWithin(options: object): QueryCommand {
    return this.and(command.geoWithin(options));
  }
  geoIntersects(options: object): QueryCommand {
    return this.and(command.geoIntersects(options));
  }

  and(...conditions: unknown[]): QueryCommand {
    return logic('and', [this, ...spread(conditions)]);
  }
  or(...conditions: unknown[]): QueryCommand {
    return logic('or', [this, ...spread(conditions)]);
  }
  /** This condition, and none of those given. */
  nor(...conditions: unknown[]): QueryCommand {
    return this.and(logic('nor', spread(conditions)));
  }
  /** This condition, and not the one given. */
  not(condition: unknown): QueryCommand {
    return this.and(command.not(condition));
  }
}

/** A change of one field: what `_.inc(1)` returns. */
export class UpdateCommand {
  constructor(
    readonly operator: UpdateOperator,
    readonly operands: readonly unknown[],
  ) {}

  /** A change is not data: add, set and array members take values only. */
  toJSON(): never {
    throw new Fault(
      -502001,
      'update operator complicit: db.command may only be the value of a field in update',
    );
  }
}

/** A projection of one field: what `_.project.slice(2)` returns. */
export class ProjectionCommand {
  constructor(
    readonly operator: 'slice' | 'elemMatch',
    readonly operand: unknown,
  ) {}
}

function query(operator: QueryOperator, operand: unknown): QueryCommand {
  return new QueryCommand({ kind: 'query', operator, operand });
}

function logic(operator: LogicOperator, parts: readonly unknown[]): QueryCommand {
  return new QueryCommand({ kind: 'logic', operator, parts });
}

/** Logic operators take a list or the conditions themselves. */
function spread(conditions: unknown[]): unknown[] {
  const [first] = conditions;
  return conditions.length === 1 && Array.isArray(first) ? (first as unknown[]) : conditions;
}

function listQuery(operator: 'in' | 'nin' | 'all', values: unknown): QueryCommand {
  if (!Array.isArray(values)) throw badType(operator, 'array', values);
  return query(operator, values);
}

function geoQuery(operator: GeoQueryOperator, options: unknown): QueryCommand {
  checkGeoQuery(operator, options);
  return query(operator, options);
}

function textQuery(options: string | object): QueryCommand {
  const spec: unknown = typeof options === 'string' ? { search: options } : options;
  if (typeof spec !== 'object' || spec === null) throw badType('text', 'object', spec);
  if (typeof (spec as { search?: unknown }).search !== 'string') {
    throw badType('search', 'string', (spec as { search?: unknown }).search);
  }
  return query('text', spec);
}

function change(operator: UpdateOperator, ...operands: unknown[]): UpdateCommand {
  return new UpdateCommand(operator, operands);
}

function amount(operator: 'inc' | 'mul', value: unknown): UpdateCommand {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw badType(operator, 'number', value);
  return change(operator, value);
}

/** db.command. */
export const command = {
  eq: (value: unknown) => query('eq', value),
  neq: (value: unknown) => query('neq', value),
  gt: (value: unknown) => query('gt', value),
  gte: (value: unknown) => query('gte', value),
  lt: (value: unknown) => query('lt', value),
  lte: (value: unknown) => query('lte', value),
  in: (values: unknown[]) => listQuery('in', values),
  nin: (values: unknown[]) => listQuery('nin', values),
  exists: (present = true) => query('exists', present),
  mod: (divisor: number | [number, number], remainder?: number) =>
    query('mod', Array.isArray(divisor) ? divisor : [divisor, remainder ?? 0]),
  all: (values: unknown[]) => listQuery('all', values),
  elemMatch: (condition: unknown) => query('elemMatch', condition),
  size: (length: number) => query('size', length),
  geoNear: (options: object) => geoQuery('geoNear', options),
  geoWithin: (options: object) => geoQuery('geoWithin', options),
  geoIntersects: (options: object) => geoQuery('geoIntersects', options),
  expr: (expression: unknown) => query('expr', expression),
  jsonSchema: (schema: unknown) => query('jsonSchema', schema),
  text: textQuery,

  and: (...conditions: unknown[]) => logic('and', spread(conditions)),
  or: (...conditions: unknown[]) => logic('or', spread(conditions)),
  nor: (...conditions: unknown[]) => logic('nor', spread(conditions)),
  not: (condition: unknown) => logic('not', [condition]),

  set: (value: unknown) => change('set', value),
  remove: () => change('remove'),
  inc: (value: number) => amount('inc', value),
  mul: (value: number) => amount('mul', value),
  min: (value: unknown) => change('min', value),
  max: (value: unknown) => change('max', value),
  rename: (path: string) => {
    if (typeof path !== 'string' || path === '')
      throw badParameter('rename takes the full new path of the field');
    return change('rename', path);
  },
  bit: (operation: unknown) => change('bit', operation),
  push: (...values: unknown[]) => change('push', ...values),
  unshift: (...values: unknown[]) => change('unshift', ...values),
  pop: () => change('pop'),
  shift: () => change('shift'),
  pull: (condition: unknown) => change('pull', condition),
  pullAll: (values: unknown[]) => {
    if (!Array.isArray(values)) throw badType('pullAll', 'array', values);
    return change('pullAll', values);
  },
  addToSet: (value: unknown) => change('addToSet', value),

  project: {
    slice: (range: number | [number, number]) => new ProjectionCommand('slice', range),
    elemMatch: (condition: unknown) => new ProjectionCommand('elemMatch', condition),
  },

  aggregate: aggregateCommand,
};

/** Type of db.command. */
export type Command = typeof command;
