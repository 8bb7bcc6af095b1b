// QueryBuilder: gathers what a query is; nothing is sent here
// (wx-cloud-api.md 3.1, 3.2). Both API shapes (wx.cloud and node-sdk) build on it.

import { badParameter, badType, toCloudError } from '../errors';
import type { JsonObject } from '../value';
import { encodeCondition, encodeProjection, joinClauses } from './query-encoder';
import type { Side } from './side';
import type { Selection } from './store';

/** What a query has gathered so far. */
export interface QueryState {
  /** Encoded conditions, joined with and; undefined before the first `where`. */
  where?: readonly JsonObject[];
  order: readonly { field: string; direction: 'asc' | 'desc' }[];
  limit?: number;
  skip?: number;
  projection?: JsonObject;
}

/** An immutable builder: every method returns a new one. */
export abstract class QueryBuilder {
  constructor(
    protected readonly side: Side,
    readonly collectionName: string,
    protected readonly state: QueryState = { order: [] },
  ) {}

  /** Makes the query of the same kind with another state. */
  protected abstract derive(state: QueryState): this;

  /** Adds a condition; several are joined with and, on both sides. */
  where(condition: object): this {
    return this.change('where', () => {
      const encoded = encodeCondition(condition, this.side.store.dialect);
      if (allUndefined(condition)) {
        throw badParameter('查询参数对象值不能均为undefined (all members of the condition are undefined)');
      }
      return { where: [...(this.state.where ?? []), encoded] };
    });
  }

  /** Sorts by a field; the first call has the highest priority. */
  orderBy(field: string, direction: string): this {
    return this.change('orderBy', () => {
      if (typeof field !== 'string' || field === '') throw badType('fieldPath', 'non-empty string', field);
      if (direction !== 'asc' && direction !== 'desc') {
        throw badParameter(`order should be 'asc' or 'desc' instead of ${direction}`);
      }
      return { order: [...this.state.order, { field, direction }] };
    });
  }

  /** At most so many documents: 20 on the client, 1000 on the server. */
  limit(max: number): this {
    return this.change('limit', () => ({ limit: whole('limit', max) }));
  }

  /** Leaves out the first documents. */
  skip(count: number): this {
    return this.change('skip', () => ({ skip: whole('skip', count) }));
  }

  /** Chooses the fields to read. */
  field(projection: object): this {
    return this.change('field', () => ({
      projection: encodeProjection(projection, this.side.store.dialect),
    }));
  }

  protected selection(): Selection {
    const { where, order, skip, projection } = this.state;
    return {
      collection: this.collectionName,
      single: false,
      order,
      ...(where === undefined ? {} : { where: joinClauses(where) }),
      ...(skip === undefined ? {} : { skip }),
      ...(projection === undefined ? {} : { projection }),
    };
  }

  /** The selection with the limit of this side. */
  protected page(): Selection {
    const { defaultLimit, maxLimit } = this.side;
    return { ...this.selection(), limit: Math.min(this.state.limit || defaultLimit, maxLimit) };
  }

  private change(method: string, work: () => Partial<QueryState>): this {
    return atOnce(`collection.${method}`, () => this.derive({ ...this.state, ...work() }));
  }
}

/** Runs what throws synchronously, with the API's name in the text. */
export function atOnce<T>(api: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw toCloudError(api, cause);
  }
}

function allUndefined(condition: object): boolean {
  const values: unknown[] = Object.values(condition);
  return values.length > 0 && values.every((value) => value === undefined);
}

function whole(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw badType(name, 'non-negative integer', value);
  }
  return value;
}
