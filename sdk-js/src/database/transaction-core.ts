// What the transactions of both API shapes share (wx-cloud-api.md 3.12): the
// server's transaction, its conflicts, how it ended, and when to run it again.

import { Fault, badParameter } from '../errors';
import { transactionSide, type Side } from './side';
import type { Transactions } from './store';

/** The server's code for a conflict with other writes: the one failure that is worth another run. */
const conflictCode = 'DATABASE_TRANSACTION_CONFLICT';

/** A transaction that is open on the server, or was. */
export class TransactionCore {
  /** The side whose operations belong to the transaction. */
  readonly side: Side;
  /** True once rollback was asked for and done; its reason is what runTransaction fails with. */
  rolledBack = false;
  reason: unknown;
  /** True once the server refused an operation or the commit because of a conflict. */
  conflicted = false;

  private constructor(
    side: Side,
    private readonly transactions: Transactions,
    readonly id: string,
  ) {
    const store = transactions.store(id, (code) => {
      this.conflicted ||= code === conflictCode;
    });
    this.side = transactionSide(side, store);
  }

  /** Begins a transaction. Fails where there are none: on clients. */
  static async start(side: Side): Promise<TransactionCore> {
    const { transactions } = side.store;
    if (transactions === undefined) {
      throw new Fault(-1, 'transactions run in cloud functions or with an API key, not on a client');
    }
    const { id } = await transactions.start();
    return new TransactionCore(side, transactions, id);
  }

  async commit(): Promise<{ requestId: string }> {
    try {
      return await this.transactions.commit(this.id);
    } catch (cause) {
      this.conflicted ||= isConflict(cause);
      throw cause;
    }
  }

  async rollback(reason: unknown): Promise<{ requestId: string }> {
    const done = await this.transactions.abort(this.id);
    this.rolledBack = true;
    this.reason = reason;
    return done;
  }

  /** Rolls back what failed. The server may have ended it already. */
  async abandon(): Promise<void> {
    await this.transactions.abort(this.id).catch(() => undefined);
  }
}

/** What the two API shapes make of a core. */
export interface TransactionShape<F> {
  start(): Promise<TransactionCore>;
  commit(core: TransactionCore): Promise<unknown>;
  /** What the callback of runTransaction gets. */
  face(core: TransactionCore): F;
}

/**
 * Runs a callback in a transaction and commits when it resolves. After a
 * conflict it is run again, at most `times` times in all; any other failure
 * rolls back and is passed on. After `rollback(reason)` the failure is exactly
 * that reason.
 *
 * Codes: -401002.
 */
export async function runTransaction<R, F>(
  shape: TransactionShape<F>,
  callback: (transaction: F) => R | Promise<R>,
  times: number,
): Promise<R> {
  checkRun(callback, times);
  for (let run = 1; ; run++) {
    const core = await shape.start();
    try {
      const result = await callback(shape.face(core));
      if (!core.rolledBack) {
        await shape.commit(core);
        return result;
      }
    } catch (cause) {
      if (!core.rolledBack) {
        await core.abandon();
        if (run < times && (core.conflicted || isConflict(cause))) continue;
        throw cause;
      }
    }
    throw core.reason; // whatever the caller gave
  }
}

function checkRun(callback: unknown, times: unknown): void {
  if (typeof callback !== 'function') throw badParameter('runTransaction takes a function');
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1) {
    throw badParameter('times should be a positive integer');
  }
}

function isConflict(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && (cause as { code?: unknown }).code === conflictCode;
}
