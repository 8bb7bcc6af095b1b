// The two sides of the API: wx.cloud.database() of a client and
// wx-server-sdk's database() differ in limits, checks and texts
// (wx-cloud-api.md 3.3 to 3.5), nowhere else.

import { call, settle, type ApiName, type Report, type WithErrMsg } from '../calls';
import type { Store } from './store';
import type { WatchHandlers, Watcher, WatchTarget } from './watch';

/** What collections, queries and documents need of their surroundings. */
export interface Side {
  readonly kind: 'client' | 'server';
  readonly store: Store;
  readonly defaultLimit: number;
  readonly maxLimit: number;
  /** Whether `doc.get` of a missing document fails, or yields null. */
  throwOnNotFound: boolean;
  /** Honours callback style on the client; a server call is always a promise. */
  run<R extends object>(api: string, options: unknown, work: () => Promise<R>): Promise<WithErrMsg<R>>;
  /** True inside a transaction. */
  readonly inTransaction?: boolean;
  /** Starts a watch; absent where there is none. */
  watch?(target: WatchTarget, handlers: WatchHandlers): Watcher;
}

/** A client's side: 20 documents at most, callbacks, watch. */
export function clientSide(store: Store, report: Report, watch: NonNullable<Side['watch']>): Side {
  return {
    kind: 'client',
    store,
    defaultLimit: 20,
    maxLimit: 20,
    throwOnNotFound: true,
    run: (api, options, work) => inStyle({ name: api }, options, report, work),
    watch,
  };
}

/** The side of a client that holds an API key: a server's limits, callbacks and watch. */
export function adminSide(store: Store, report: Report, watch: NonNullable<Side['watch']>): Side {
  return { ...clientSide(store, report, watch), kind: 'server', defaultLimit: 100, maxLimit: 1000 };
}

/**
 * call returns undefined in callback style. The typings of the original tell
 * the two styles apart by overloads; one signature is enough inside.
 */
function inStyle<R extends object>(
  api: ApiName,
  options: unknown,
  report: Report,
  work: () => Promise<R>,
): Promise<WithErrMsg<R>> {
  return call(api, options, report, work) as Promise<WithErrMsg<R>>;
}

/** A server's side: 100 documents, 1000 at most, promises only. */
export function serverSide(store: Store, throwOnNotFound: boolean): Side {
  return {
    kind: 'server',
    store,
    defaultLimit: 100,
    maxLimit: 1000,
    throwOnNotFound,
    run: (api, _options, work) => settle({ name: api }, work),
  };
}

/** A side whose operations belong to a transaction; nothing can be watched in it. */
export function transactionSide(side: Side, store: Store): Side {
  const inner: Side = { ...side, store, inTransaction: true };
  delete inner.watch;
  return inner;
}
