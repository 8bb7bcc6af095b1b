// db.command.aggregate (`$`): operators of aggregation expressions as values
// (wx-cloud-api.md 5.2), and the builder of pipelines inside a lookup.

import { Pipeline } from './pipeline';

/** The operators, by their names in the API; `$` before a name is its wire form. */
const operators = [
  // arithmetic
  'abs',
  'add',
  'ceil',
  'divide',
  'exp',
  'floor',
  'ln',
  'log',
  'log10',
  'mod',
  'multiply',
  'pow',
  'sqrt',
  'subtract',
  'trunc',
  // arrays
  'arrayElemAt',
  'arrayToObject',
  'concatArrays',
  'filter',
  'in',
  'indexOfArray',
  'isArray',
  'map',
  'objectToArray',
  'range',
  'reduce',
  'reverseArray',
  'size',
  'slice',
  'zip',
  // booleans, comparison, conditions, literals, variables
  'and',
  'or',
  'not',
  'cmp',
  'eq',
  'gt',
  'gte',
  'lt',
  'lte',
  'cond',
  'ifNull',
  'switch',
  'literal',
  'let',
  'meta',
  // dates
  'dateFromParts',
  'dateFromString',
  'dateToParts',
  'dateToString',
  'dayOfMonth',
  'dayOfWeek',
  'dayOfYear',
  'hour',
  'isoDayOfWeek',
  'isoWeek',
  'isoWeekYear',
  'millisecond',
  'minute',
  'month',
  'second',
  'week',
  'year',
  // objects and sets
  'mergeObjects',
  'allElementsTrue',
  'anyElementTrue',
  'setDifference',
  'setEquals',
  'setIntersection',
  'setIsSubset',
  'setUnion',
  // texts
  'concat',
  'indexOfBytes',
  'indexOfCP',
  'ltrim',
  'rtrim',
  'split',
  'strLenBytes',
  'strLenCP',
  'strcasecmp',
  'substr',
  'substrBytes',
  'substrCP',
  'toLower',
  'toUpper',
  'trim',
  // types
  'convert',
  'toBool',
  'toDate',
  'toDecimal',
  'toDouble',
  'toInt',
  'toLong',
  'toObjectId',
  'toString',
  'type',
  // accumulators
  'addToSet',
  'avg',
  'first',
  'last',
  'max',
  'min',
  'push',
  'stdDevPop',
  'stdDevSamp',
  'sum',
] as const;

/** Name of an operator. */
export type AggregateOperator = (typeof operators)[number] | 'neq';

/** An operator with its argument: what `$.sum('$n')` returns. */
export class AggregateCommand {
  constructor(
    readonly operator: AggregateOperator,
    readonly operand: unknown,
  ) {}

  /** The form of the wire; numbers and dates in it are still to be encoded. */
  toJSON(): Record<string, unknown> {
    return { [this.operator === 'neq' ? '$ne' : `$${this.operator}`]: this.operand };
  }
}

type Operators = Readonly<Record<AggregateOperator, (operand: unknown) => AggregateCommand>>;

function operatorTable(): Operators {
  const table: Partial<Record<AggregateOperator, (operand: unknown) => AggregateCommand>> = {};
  for (const name of [...operators, 'neq'] as const) {
    table[name] = (operand) => new AggregateCommand(name, operand);
  }
  return table as Operators;
}

/** db.command.aggregate. */
export const aggregateCommand = {
  ...operatorTable(),
  /** Begins the pipeline of a lookup; `done()` ends it. */
  pipeline: () => new Pipeline(),
};
