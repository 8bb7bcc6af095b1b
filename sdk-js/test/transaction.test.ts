// Transactions in both server shapes (wx-cloud-api.md 3.12): what is sent, and
// when a callback is run again.

import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../src/database/database';
import { nodeSDK } from '../src/server/node-sdk';
import { ServerCloud } from '../src/server/wx-server-sdk';
import { script } from './scripted-host';

const conflict = {
  requestId: 'r',
  code: 'DATABASE_TRANSACTION_CONFLICT',
  message: '[ResourceUnavailable.TransactionConflict] Transaction is conflict',
};

/** Answers of a server: the given ones by action, else those of a success. */
function serve(answers: Record<string, (nth: number) => object | undefined> = {}): void {
  const counts: Record<string, number> = {};
  script.answer = ({ action }) => {
    const name = String(action).replace('database.', '');
    const nth = (counts[name] = (counts[name] ?? 0) + 1);
    const answer = answers[name]?.(nth);
    if (answer !== undefined) return answer;
    return name === 'startTransaction'
      ? { requestId: 'r', transactionId: `t${nth}` }
      : {
          requestId: 'r',
          data: { updated: 1, deleted: 1, total: 3, list: ['{"_id":"x"}'], insertedIds: ['i'] },
        };
  };
}

/** What was sent: each action with the transaction it names. */
function sent(): string[] {
  return script.actions.map(({ action, transactionId = '' }) =>
    `${String(action).replace('database.', '')} ${String(transactionId)}`.trim(),
  );
}

beforeEach(() => {
  Object.assign(script, { reply: {}, actions: [], answer: undefined, silent: false });
  serve();
});

function database(config: { throwOnNotFound?: boolean } = {}): Database {
  const cloud = new ServerCloud();
  void cloud.init();
  return cloud.database(config);
}

describe('of wx-server-sdk', () => {
  it('carries its id in every operation and commits', async () => {
    const transaction = await database().startTransaction();
    const collection = transaction.collection('c');
    await expect(collection.add({ data: { a: 1 } })).resolves.toMatchObject({ _id: 'i' });
    await expect(collection.doc('x').get()).resolves.toMatchObject({ data: { _id: 'x' } });
    await expect(collection.doc('x').set({ data: { a: 1 } })).resolves.toMatchObject({
      stats: { updated: 1 },
    });
    await expect(collection.doc('x').update({ data: { a: 1 } })).resolves.toMatchObject({
      stats: { updated: 1 },
    });
    await expect(collection.doc('x').remove()).resolves.toMatchObject({ stats: { removed: 1 } });
    await expect(collection.where({ a: 1 }).get()).resolves.toMatchObject({ data: [{ _id: 'x' }] });
    await collection.where({ a: 1 }).update({ data: { a: 2 } });
    await collection.where({ a: 1 }).remove();
    await collection.where({ a: 1 }).count();
    await expect(transaction.commit()).resolves.toEqual({ requestId: 'r', errMsg: 'transaction.commit:ok' });
    expect(sent()).toEqual([
      'startTransaction',
      'insertDocument t1',
      'getDocument t1',
      'modifyDocument t1',
      'modifyDocument t1',
      'removeDocument t1',
      'getDocument t1',
      'modifyDocument t1',
      'removeDocument t1',
      'calculateDocument t1',
      'commitTransaction t1',
    ]);
  });

  it('rolls back', async () => {
    const transaction = await database().startTransaction();
    await expect(transaction.rollback()).resolves.toMatchObject({ errMsg: 'transaction.rollback:ok' });
    expect(sent()).toEqual(['startTransaction', 'abortTransaction t1']);
  });

  it('cannot be watched', async () => {
    const transaction = await database().startTransaction();
    const watch = () =>
      transaction.collection('c').watch({ onChange: () => undefined, onError: () => undefined });
    expect(watch).toThrow('watch is not supported');
  });

  it('yields what its callback does', async () => {
    const result = await database().runTransaction(async (transaction) => {
      await transaction
        .collection('c')
        .doc('x')
        .update({ data: { a: 1 } });
      return 'luke';
    });
    expect(result).toBe('luke');
    expect(sent()).toEqual(['startTransaction', 'modifyDocument t1', 'commitTransaction t1']);
  });

  it.each<[string, unknown]>([
    ['a text', 'luke'],
    ['an object', { code: 7 }],
    ['nothing', undefined],
  ])('fails with exactly the reason of a rollback: %s', async (_name, reason) => {
    const run = database().runTransaction(async (transaction) => {
      await transaction.rollback(reason);
    });
    await expect(run).rejects.toBe(reason);
    expect(sent()).toEqual(['startTransaction', 'abortTransaction t1']);
  });

  it('keeps the reason when the callback fails after it', async () => {
    const run = database().runTransaction(async (transaction) => {
      await transaction.rollback('reason');
      throw new Error('later');
    });
    await expect(run).rejects.toBe('reason');
  });

  it('rolls back and passes on what the callback throws', async () => {
    const thrown = new Error('of the application');
    const run = database().runTransaction(() => Promise.reject(thrown));
    await expect(run).rejects.toBe(thrown);
    expect(sent()).toEqual(['startTransaction', 'abortTransaction t1']);
  });

  it('runs again after a conflict at the commit', async () => {
    serve({ commitTransaction: (nth) => (nth < 3 ? conflict : undefined) });
    let runs = 0;
    const result = await database().runTransaction(() => ++runs);
    expect([result, runs]).toEqual([3, 3]);
    expect(sent().filter((action) => action.startsWith('start'))).toHaveLength(3);
  });

  it('runs again after a conflict in an operation, even if the callback wraps its error', async () => {
    serve({ modifyDocument: (nth) => (nth === 1 ? conflict : undefined) });
    let runs = 0;
    await database().runTransaction(async (transaction) => {
      runs++;
      await transaction
        .collection('c')
        .doc('x')
        .update({ data: { a: 1 } })
        .catch(() => Promise.reject(new Error('wrapped')));
    });
    expect(runs).toBe(2);
    expect(sent()).toContain('abortTransaction t1');
  });

  it('runs again after an error that calls itself a conflict', async () => {
    let runs = 0;
    const run = database().runTransaction(() => {
      runs++;
      return Promise.reject(Object.assign(new Error('mock'), { code: conflict.code }));
    });
    await expect(run).rejects.toMatchObject({ message: 'mock' });
    expect(runs).toBe(3);
  });

  it.each([
    [undefined, 3],
    [1, 1],
    [5, 5],
  ])('gives up after %s runs at most: %i', async (times, want) => {
    serve({ commitTransaction: () => conflict });
    let runs = 0;
    const run = database().runTransaction(() => ++runs, times);
    await expect(run).rejects.toMatchObject({
      errCode: -502001,
      errMsg: expect.stringContaining('[ResourceUnavailable.TransactionConflict]') as string,
    });
    expect(runs).toBe(want);
  });

  it('does not run again after any other failure', async () => {
    serve({
      commitTransaction: () => ({ code: 'DATABASE_TRANSACTION_FAIL', message: 'TransactionNotExist' }),
    });
    let runs = 0;
    await expect(database().runTransaction(() => ++runs)).rejects.toMatchObject({ errCode: -502001 });
    expect(runs).toBe(1);
  });

  it('does not run the callback when it cannot begin', async () => {
    serve({ startTransaction: () => ({ code: 'SYS_ERR', message: 'no' }) });
    let runs = 0;
    await expect(database().runTransaction(() => ++runs)).rejects.toMatchObject({
      errMsg: 'database.startTransaction:fail -501001 resource system error. no',
    });
    expect(runs).toBe(0);
    expect(sent()).toEqual(['startTransaction']);
  });

  it('commits by itself', async () => {
    const run = database().runTransaction((transaction) => transaction.commit());
    await expect(run).rejects.toMatchObject({
      errMsg: 'transaction.commit:fail runTransaction commits by itself when its callback resolves',
    });
    expect(sent()).toEqual(['startTransaction', 'abortTransaction t1']);
  });

  it('minds throwOnNotFound', async () => {
    serve({ getDocument: () => ({ requestId: 'r', data: { list: [] } }) });
    const lenient = await database({ throwOnNotFound: false }).startTransaction();
    await expect(lenient.collection('c').doc('y').get()).resolves.toMatchObject({ data: null });
    const strict = database().runTransaction((transaction) => transaction.collection('c').doc('y').get());
    await expect(strict).rejects.toMatchObject({
      errMsg: 'document.get:fail document with _id y does not exist',
    });
    expect(sent().at(-1)).toBe('abortTransaction t2');
  });

  it.each([0, -1, 1.5])('refuses %s runs', async (times) => {
    await expect(database().runTransaction(() => 1, times)).rejects.toMatchObject({ errCode: -401002 });
    expect(sent()).toEqual([]);
  });
});

describe('of node-sdk', () => {
  const app = nodeSDK.init();

  it('has its own results inside a transaction', async () => {
    serve({
      modifyDocument: (nth) =>
        nth === 1 ? { requestId: 'r', data: { updated: 0, upsert_id: 'new' } } : undefined,
    });
    const transaction = await app.database().startTransaction();
    const collection = transaction.collection('c');
    await expect(collection.add({ a: 1 })).resolves.toEqual({ inserted: 1, ok: 1, id: 'i', requestId: 'r' });
    await expect(collection.add([{ a: 1 }])).resolves.toEqual({ ids: ['i'], requestId: 'r' });
    await expect(collection.doc('x').get()).resolves.toEqual({ data: { _id: 'x' }, requestId: 'r' });
    await expect(collection.where({}).get()).resolves.toEqual({ data: [{ _id: 'x' }], requestId: 'r' });
    await expect(collection.doc('x').set({ a: 1 })).resolves.toEqual({
      updated: 0,
      upserted: [{ _id: 'new' }],
      requestId: 'r',
    });
    await expect(collection.doc('x').update({ a: 1 })).resolves.toEqual({ updated: 1, requestId: 'r' });
    await expect(collection.doc('x').delete()).resolves.toEqual({ deleted: 1, requestId: 'r' });
    await expect(transaction.commit()).resolves.toEqual({ requestId: 'r' });
    expect(
      sent()
        .slice(1)
        .every((action) => action.endsWith(' t1')),
    ).toBe(true);
  });

  it('gives null for a document that is not there', async () => {
    serve({ getDocument: () => ({ requestId: 'r', data: { list: [] } }) });
    const transaction = await app.database().startTransaction();
    await expect(transaction.collection('c').doc('x').get()).resolves.toMatchObject({ data: null });
  });

  it('retries conflicts and fails with the text code', async () => {
    serve({ commitTransaction: () => conflict });
    let runs = 0;
    await expect(app.database().runTransaction(() => ++runs)).rejects.toMatchObject({
      code: 'DATABASE_TRANSACTION_CONFLICT',
    });
    expect(runs).toBe(3);
  });

  it('fails with exactly the reason of a rollback', async () => {
    const run = app.database().runTransaction((transaction) => transaction.rollback('reason'));
    await expect(run).rejects.toBe('reason');
  });
});
