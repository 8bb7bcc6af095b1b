// Query: what the documents of a condition can be asked for
// (wx-cloud-api.md 3.4, 3.5), in the shape of wx.cloud.

import { given } from '../calls';
import { Fault, badParameter, badType } from '../errors';
import type { JsonObject } from '../value';
import { QueryBuilder, atOnce, type QueryState } from './builder';
import { isNestable } from './query-encoder';
import type { Side } from './side';
import { encodeUpdate } from './update-encoder';
import type { WatchHandlers, WatchTarget, Watcher } from './watch';

/** Documents of a collection that meet conditions. */
export class Query extends QueryBuilder {
  protected derive(state: QueryState): this {
    return new Query(this.side, this.collectionName, state) as this;
  }

  get(options?: object) {
    return this.side.run('collection.get', options, async () => {
      const { documents, requestId } = await this.side.store.find(this.page());
      return { data: documents, requestId };
    });
  }

  count(options?: object) {
    return this.side.run('collection.count', options, () => this.side.store.count(this.selection()));
  }

  /** Changes all documents that match, or one with `multi: false`. */
  update(options: { data: object; multi?: boolean }) {
    return this.side.run('collection.update', options, async () => {
      const { data, multi } = given(options);
      if (this.state.where === undefined) throw new Fault(-1, 'query condition must be provided');
      const encoded = encodeChange(this.side, data);
      if (encoded === undefined) return { stats: { updated: 0 } };
      const modification = { data: encoded, multi: multi !== false, merge: true };
      const { updated, requestId } = await this.side.store.modify(this.selection(), modification);
      return { stats: { updated }, requestId };
    });
  }

  /** Removes all documents that match, or one with `multi: false`. */
  remove(options?: { multi?: boolean }) {
    return this.side.run('collection.remove', options, async () => {
      const { where } = this.selection();
      if (where === undefined) throw new Fault(-1, 'query condition must be provided');
      if (this.side.kind === 'client' && Object.keys(where).length === 0) {
        throw new Fault(-1, 'query condition must be provided and not be empty');
      }
      const { removed, requestId } = await this.side.store.remove(this.selection(), options?.multi !== false);
      return { stats: { removed }, requestId };
    });
  }

  /** Watches the result; onChange gets the whole of it first, then every change. */
  watch(handlers: WatchHandlers): Watcher {
    const target = (): WatchTarget => {
      const { limit, order, skip, projection } = this.state;
      if (skip !== undefined || projection !== undefined)
        throw badParameter('skip and field cannot be watched');
      const { where = {} } = this.selection();
      return { collection: this.collectionName, where, order, ...(limit === undefined ? {} : { limit }) };
    };
    return startWatch(this.side, 'collection.watch', target, handlers);
  }
}

/** Starts a watch, or throws when the handlers are not functions. */
export function startWatch(
  side: Side,
  api: string,
  target: () => WatchTarget,
  handlers: WatchHandlers,
): Watcher {
  return atOnce(api, () => {
    if (side.watch === undefined)
      throw new Fault(-1, 'watch is not supported in cloud functions; use it in a client');
    const { onChange, onError } = given(handlers);
    if (typeof onChange !== 'function') throw badType('onChange', 'function', onChange);
    if (typeof onError !== 'function') throw badType('onError', 'function', onError);
    return side.watch(target(), { onChange, onError });
  });
}

/**
 * Encodes the data of an update; undefined when it changes nothing. The server
 * side refuses `_id` in it; on a client the server's answer says so.
 */
export function encodeChange(side: Side, data: unknown): JsonObject | undefined {
  if (!isNestable(data)) throw badType('data', 'object', data);
  checkNoId(side, data);
  const encoded = encodeUpdate(data, side.store.dialect);
  return Object.keys(encoded).length === 0 ? undefined : encoded;
}

/** Refuses `_id` in the data of a write, on the server side. */
export function checkNoId(side: Side, data: object): void {
  if (side.kind === 'server' && Object.prototype.hasOwnProperty.call(data, '_id')) {
    throw new Fault(-501007, '不能更新_id的值 (data must not hold _id)', { code: 'INVALID_PARAM' });
  }
}
