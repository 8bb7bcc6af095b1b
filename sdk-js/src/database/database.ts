// Database: the database of one env, in the shape of wx.cloud.

import { Fault } from '../errors';
import { callable } from './callable';
import { collectionOf, type CollectionReference } from './collection';
import { command } from './command';
import { Geo } from './geo';
import { DbRegExp } from './regexp';
import { ServerDate } from './server-date';
import type { Side } from './side';
import { runInTransaction, startTransaction, type Transaction } from './transaction';

/** The database of one env. */
export class Database {
  readonly command = command;
  readonly Geo = Geo;
  readonly RegExp = callable(DbRegExp);
  readonly serverDate = callable(ServerDate);

  constructor(
    private readonly side: Side,
    readonly config: Readonly<Record<string, unknown>>,
  ) {}

  collection(name: string): CollectionReference {
    return collectionOf(this.side, name);
  }

  /** Creates a collection; needs admin rights, fails when it exists. */
  createCollection(name: string) {
    return this.side.run('createCollection', undefined, () => {
      const given: unknown = name;
      if (typeof given !== 'string' || given === '')
        throw new Fault(-401003, 'collectionName must be provided');
      return this.side.store.createCollection(given);
    });
  }

  /** Begins a transaction, which its caller commits or rolls back within 30 seconds. */
  startTransaction(): Promise<Transaction> {
    return startTransaction(this.side);
  }

  /**
   * Runs a callback in a transaction and commits when it resolves. After a
   * conflict with other writes it is run again, at most `times` times in all.
   */
  runTransaction<R>(callback: (transaction: Transaction) => R | Promise<R>, times = 3): Promise<R> {
    return runInTransaction(this.side, callback, times);
  }
}
