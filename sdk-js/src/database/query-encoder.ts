// Conditions to the query language of the wire (tcb-wire-protocol.md 6.2,
// wx-cloud-api.md 4.2), in either dialect.

import { badParameter, badType } from '../errors';
import {
  circular,
  encode,
  isLeaf,
  maxDepth,
  put,
  tooDeep,
  type Dialect,
  type Json,
  type JsonObject,
} from '../value';
import {
  ProjectionCommand,
  QueryCommand,
  UpdateCommand,
  type QueryOperator,
  type RootOperator,
} from './command';
import { DbRegExp } from './regexp';

const operators: Readonly<Record<QueryOperator, string>> = {
  eq: '$eq',
  neq: '$ne',
  gt: '$gt',
  gte: '$gte',
  lt: '$lt',
  lte: '$lte',
  in: '$in',
  nin: '$nin',
  exists: '$exists',
  mod: '$mod',
  all: '$all',
  elemMatch: '$elemMatch',
  size: '$size',
  geoNear: '$nearSphere',
  geoWithin: '$geoWithin',
  geoIntersects: '$geoIntersects',
  expr: '$expr',
  jsonSchema: '$jsonSchema',
  text: '$text',
};

/** Reports whether an operator stands for a whole condition. */
function isRoot(operator: QueryOperator): operator is RootOperator {
  return operator === 'expr' || operator === 'jsonSchema' || operator === 'text';
}

/**
 * Encodes the argument of `where`: an object of conditions, or a logical
 * command. Nested objects become dotted paths, an empty one disappears.
 *
 * Codes: -401002, -401003, -402001.
 */
export function encodeCondition(condition: unknown, dialect: Dialect): JsonObject {
  return new QueryEncoder(dialect).condition(condition);
}

/** Encodes what `_.pull` takes: a value, a command, or conditions on elements. */
export function encodePull(condition: unknown, dialect: Dialect): Json {
  const encoder = new QueryEncoder(dialect);
  if (condition instanceof QueryCommand) return encoder.elementOperators(condition);
  return isNestable(condition) ? encoder.condition(condition) : encode(condition, dialect);
}

/**
 * Joins clauses into one condition: side by side where their keys differ, in
 * `$and` where they do not.
 */
export function joinClauses(clauses: readonly JsonObject[]): JsonObject {
  const joined: JsonObject = {};
  for (const clause of clauses) {
    for (const [key, value] of Object.entries(clause)) {
      const present = Object.prototype.hasOwnProperty.call(joined, key);
      if (!present) put(joined, key, value);
      else if (key === '$and') put(joined, key, [...(joined[key] as Json[]), ...(value as Json[])]);
      else return { $and: clauses.flatMap((each) => (onlyAnd(each) ? (each['$and'] as Json[]) : [each])) };
    }
  }
  return joined;
}

function onlyAnd(clause: JsonObject): boolean {
  const keys = Object.keys(clause);
  return keys.length === 1 && keys[0] === '$and';
}

/** Reports whether a value is an object whose members are looked into. */
export function isNestable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLeaf(value);
}

class QueryEncoder {
  private readonly above: object[] = [];

  constructor(private readonly dialect: Dialect) {}

  condition(condition: unknown): JsonObject {
    return joinClauses(this.clauses(condition));
  }

  private clauses(condition: unknown): JsonObject[] {
    if (condition instanceof QueryCommand) return [this.rootCommand(condition)];
    if (!isNestable(condition)) throw badType('condition', 'object', condition);
    return this.within(condition, () =>
      Object.entries(condition).flatMap(([path, value]) => this.field(path, value)),
    );
  }

  /** A command in the place of a whole condition. */
  private rootCommand({ condition }: QueryCommand): JsonObject {
    if (condition.kind === 'query') {
      if (!isRoot(condition.operator)) {
        throw badParameter(`_.${condition.operator} must be the value of a field`);
      }
      return { [operators[condition.operator]]: this.operand(condition.operator, condition.operand) };
    }
    const parts = condition.parts.map((part) => this.condition(part));
    return { [condition.operator === 'not' ? '$nor' : `$${condition.operator}`]: parts };
  }

  /** The clauses for one field. */
  private field(path: string, value: unknown): JsonObject[] {
    if (value === undefined) return [];
    if (value instanceof QueryCommand) return this.fieldCommand(path, value);
    if (value instanceof UpdateCommand || value instanceof ProjectionCommand) {
      throw badParameter(`${path}: _.${value.operator} is not a condition`);
    }
    if (!isNestable(value)) return [single(path, encode(value, this.dialect))];
    return this.within(value, () => {
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON === 'function') return this.field(path, (toJSON as () => unknown).call(value));
      return Object.entries(value).flatMap(([key, member]) => this.field(memberPath(path, key), member));
    });
  }

  private fieldCommand(path: string, { condition }: QueryCommand): JsonObject[] {
    if (condition.kind === 'query') {
      if (isRoot(condition.operator)) {
        // The original's _.text gives the value of a member `$text`.
        if (path === operators[condition.operator]) return [this.rootCommand(new QueryCommand(condition))];
        throw badParameter(`${path}: _.${condition.operator} stands for a whole condition, not for a field`);
      }
      return [single(path, this.operator(condition.operator, condition.operand))];
    }
    const { operator, parts } = condition;
    switch (operator) {
      case 'and':
        return [{ $and: parts.flatMap((part) => this.conjuncts(path, part)) }];
      case 'or':
      case 'nor':
        return [{ [`$${operator}`]: parts.map((part) => joinClauses(this.field(path, part))) }];
      case 'not':
        return parts.map((part) => this.negation(path, part));
    }
  }

  /** The members that a part adds to an `$and`: a nested and is spread out. */
  private conjuncts(path: string, part: unknown): JsonObject[] {
    if (
      part instanceof QueryCommand &&
      part.condition.kind === 'logic' &&
      part.condition.operator === 'and'
    ) {
      return part.condition.parts.flatMap((inner) => this.conjuncts(path, inner));
    }
    return [joinClauses(this.field(path, part))];
  }

  private negation(path: string, part: unknown): JsonObject {
    if (part instanceof RegExp || part instanceof DbRegExp) {
      return single(path, { $not: encode(part, this.dialect) });
    }
    if (!(part instanceof QueryCommand)) return single(path, { $ne: encode(part, this.dialect) });
    const { condition } = part;
    if (condition.kind === 'query') {
      return single(path, { $not: this.operator(condition.operator, condition.operand) });
    }
    const parts = (): JsonObject[] => condition.parts.map((inner) => joinClauses(this.field(path, inner)));
    switch (condition.operator) {
      case 'and':
        return { $or: condition.parts.map((inner) => this.negation(path, inner)) };
      case 'or':
        return { $nor: parts() };
      case 'nor':
        return { $or: parts() };
      case 'not':
        return joinClauses(parts());
    }
  }

  /** `{$gt: 1}` and its like. */
  private operator(operator: QueryOperator, operand: unknown): JsonObject {
    return { [operators[operator]]: this.operand(operator, operand) };
  }

  private operand(operator: QueryOperator, operand: unknown): Json {
    switch (operator) {
      case 'all':
        return (operand as unknown[]).map((item) =>
          item instanceof QueryCommand ? this.elementOperators(item) : encode(item, this.dialect),
        );
      case 'elemMatch':
        return operand instanceof QueryCommand ? this.elementOperators(operand) : this.condition(operand);
      case 'geoNear': {
        const { geometry, maxDistance, minDistance } = operand as Record<string, unknown>;
        return encode(
          { $geometry: geometry, $maxDistance: maxDistance, $minDistance: minDistance },
          this.dialect,
        );
      }
      case 'geoWithin':
        return this.geoWithin(operand as Record<string, unknown>);
      case 'text': {
        const { search, language, caseSensitive, diacriticSensitive } = operand as Record<string, unknown>;
        const options = {
          $language: language,
          $caseSensitive: caseSensitive,
          $diacriticSensitive: diacriticSensitive,
        };
        return encode({ $search: search, ...options }, this.dialect);
      }
      case 'geoIntersects':
        return encode({ $geometry: (operand as Record<string, unknown>)['geometry'] }, this.dialect);
      case 'eq':
      case 'neq':
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte':
      case 'in':
      case 'nin':
      case 'exists':
      case 'mod':
      case 'size':
      case 'expr':
      case 'jsonSchema':
        return encode(operand, this.dialect);
    }
  }

  private geoWithin({ geometry, centerSphere }: Record<string, unknown>): Json {
    if (!Array.isArray(centerSphere)) return encode({ $geometry: geometry }, this.dialect);
    const [center, radius] = centerSphere as unknown[];
    const { coordinates } = JSON.parse(JSON.stringify(center ?? null)) as { coordinates?: unknown };
    return encode({ $centerSphere: [coordinates ?? center, radius] }, this.dialect);
  }

  /** Operators for one element of an array, which has no name. */
  elementOperators({ condition }: QueryCommand): JsonObject {
    if (condition.kind === 'query') return this.operator(condition.operator, condition.operand);
    const [first] = condition.parts;
    if (condition.operator === 'not' && first instanceof QueryCommand) {
      return { $not: this.elementOperators(first) };
    }
    if (condition.operator !== 'and') {
      throw badParameter(`_.${condition.operator} cannot be a condition on an array element without a name`);
    }
    const joined: JsonObject = {};
    for (const part of condition.parts) {
      if (!(part instanceof QueryCommand)) throw badType('elemMatch', 'conditions of db.command', part);
      for (const [key, value] of Object.entries(this.elementOperators(part))) {
        if (key in joined) throw badParameter(`elemMatch holds ${key} twice`);
        joined[key] = value;
      }
    }
    return joined;
  }

  private within<T>(value: object, work: () => T): T {
    if (this.above.includes(value)) throw circular();
    if (this.above.length >= maxDepth) throw tooDeep();
    this.above.push(value);
    const result = work();
    this.above.pop();
    return result;
  }
}

/**
 * Path of a member. No field's name begins with `$`: such a member is an
 * operator that somebody wrote by hand, or smuggled in, and would silently
 * match nothing.
 */
function memberPath(path: string, key: string): string {
  if (key.startsWith('$')) throw badParameter(`${path}.${key}: conditions are written with db.command`);
  return `${path}.${key}`;
}

function single(path: string, value: Json): JsonObject {
  const clause: JsonObject = {};
  put(clause, path, value);
  return clause;
}

/**
 * Encodes the argument of `field`: members that are neither a boolean, 0, 1
 * nor a projection command are dropped (wx-cloud-api.md 3.2).
 */
export function encodeProjection(projection: unknown, dialect: Dialect): JsonObject {
  if (!isNestable(projection)) throw badType('projection', 'object', projection);
  const out: JsonObject = {};
  for (const [path, value] of Object.entries(projection)) {
    if (typeof value === 'boolean' || value === 0 || value === 1) put(out, path, value ? 1 : 0);
    else if (value instanceof ProjectionCommand) put(out, path, projectionOperator(value, dialect));
  }
  return out;
}

function projectionOperator({ operator, operand }: ProjectionCommand, dialect: Dialect): JsonObject {
  switch (operator) {
    case 'slice':
      return { $slice: encode(operand, dialect) };
    case 'elemMatch':
      return { $elemMatch: encodeCondition(operand, dialect) };
  }
}
