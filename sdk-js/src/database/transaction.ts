// Transaction: several operations that happen together or not at all, in the
// shape of wx-server-sdk (wx-cloud-api.md 3.12).

import { Fault, toCloudError } from '../errors';
import { collectionOf, type CollectionReference } from './collection';
import type { Side } from './side';
import { TransactionCore, runTransaction } from './transaction-core';

/** An open transaction. */
export class Transaction {
  constructor(
    private readonly side: Side,
    private readonly core: TransactionCore,
    /** Inside of runTransaction the SDK commits. */
    private readonly commits = true,
  ) {}

  /** A collection whose reads and writes belong to the transaction. */
  collection(name: string): CollectionReference {
    return collectionOf(this.core.side, name);
  }

  commit() {
    return this.side.run('transaction.commit', undefined, () => {
      if (!this.commits) {
        throw new Fault(-1, 'runTransaction commits by itself when its callback resolves');
      }
      return this.core.commit();
    });
  }

  /** Undoes everything; inside of runTransaction that call then fails with exactly this reason. */
  rollback(reason?: unknown) {
    return this.side.run('transaction.rollback', undefined, () => this.core.rollback(reason));
  }
}

/** Begins a transaction that the caller ends. */
export async function startTransaction(side: Side): Promise<Transaction> {
  return new Transaction(side, await start(side));
}

/** Runs a callback in a transaction; see transaction-core. */
export function runInTransaction<R>(
  side: Side,
  callback: (transaction: Transaction) => R | Promise<R>,
  times: number,
): Promise<R> {
  const shape = {
    start: () => start(side),
    commit: (core: TransactionCore) => side.run('transaction.commit', undefined, () => core.commit()),
    face: (core: TransactionCore) => new Transaction(side, core, false),
  };
  return runTransaction(shape, callback, times);
}

async function start(side: Side): Promise<TransactionCore> {
  try {
    return await TransactionCore.start(side);
  } catch (cause) {
    throw toCloudError('database.startTransaction', cause);
  }
}
