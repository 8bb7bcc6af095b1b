// wx-server-sdk and node-sdk inside a worker, over a scripted bridge
// (wx-cloud-api.md 2 and 3). That the built module runs in the worker's engine
// is proven in Go (functions/wxsdk).

import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TcbError } from '../src/server/node-errors';
import { nodeSDK } from '../src/server/node-sdk';
import { ServerCloud, wxServerSDK } from '../src/server/wx-server-sdk';
import { script } from './scripted-host';

beforeEach(() => {
  Object.assign(script, {
    reply: { requestId: 'r', data: {} },
    actions: [],
    files: new Map(),
    context: {},
    lines: [],
    failure: undefined,
    answer: undefined,
    silent: false,
  });
});

function cloud(config: Parameters<ServerCloud['init']>[0] = {}): ServerCloud {
  const made = new ServerCloud();
  void made.init(config);
  return made;
}

function list(...texts: string[]): object {
  return { requestId: 'r', data: { list: texts } };
}

describe('wx-server-sdk', () => {
  it('throws before init, except for the context', () => {
    const fresh = new ServerCloud();
    script.context = { OPENID: 'o', ENV: 'dev' };
    expect(fresh.getWXContext()).toEqual({ OPENID: 'o', ENV: 'dev' });
    for (const work of [
      () => fresh.database(),
      () => fresh.callFunction({ name: 'f' }),
      () => fresh.uploadFile({ cloudPath: 'a', fileContent: Buffer.alloc(0) }),
      () => fresh.logger(),
    ]) {
      expect(work).toThrow("Cloud API isn't enabled, please call init first");
    }
  });

  it.each<[string, Parameters<ServerCloud['init']>[0], string]>([
    ['without env', {}, 'dev'],
    ['with DYNAMIC_CURRENT_ENV', { env: wxServerSDK.DYNAMIC_CURRENT_ENV }, 'dev'],
    ['with a name', { env: 'other' }, 'other'],
    ['with one per service', { env: { database: 'db-env' } }, 'db-env'],
  ])('resolves the env %s', async (_name, config, want) => {
    script.reply = list();
    await cloud(config).database().collection('c').get();
    expect(script.actions[0]).toMatchObject({ envName: want });
  });

  it('reads 100 documents by default and 1000 at most', async () => {
    script.reply = list();
    const collection = cloud().database().collection('c');
    await collection.get();
    await collection.limit(5000).get();
    await collection.limit(0).get();
    expect(script.actions.map((action) => action['limit'])).toEqual([100, 1000, 100]);
  });

  it('ignores callbacks: every call is a promise', async () => {
    script.reply = list('{"_id":"x"}');
    const result = await cloud()
      .database()
      .collection('c')
      .get({ success: () => expect.unreachable() });
    expect(result).toEqual({ data: [{ _id: 'x' }], requestId: 'r', errMsg: 'collection.get:ok' });
  });

  it('joins several wheres with and', async () => {
    script.reply = { requestId: 'r', data: { total: 0 } };
    await cloud().database().collection('c').where({ a: 1 }).where({ b: 2 }).count();
    expect(script.actions[0]).toMatchObject({ query: '{"a":{"$numberInt":"1"},"b":{"$numberInt":"2"}}' });
  });

  it('adds one document, or a list of them', async () => {
    script.reply = { requestId: 'r', data: { insertedIds: ['1', '2'] } };
    const collection = cloud().database().collection('c');
    await expect(collection.add({ data: { a: 1 } })).resolves.toMatchObject({ _id: '1' });
    await expect(collection.add({ data: [{ a: 1 }, { a: 2 }] })).resolves.toMatchObject({ _ids: ['1', '2'] });
    expect(script.actions[1]).toMatchObject({
      data: ['{"a":{"$numberInt":"1"}}', '{"a":{"$numberInt":"2"}}'],
    });
  });

  it('fails for a missing document, unless told otherwise', async () => {
    script.reply = list();
    await expect(cloud().database().collection('c').doc('x').get()).rejects.toMatchObject({
      errCode: -1,
      errMsg: 'document.get:fail document with _id x does not exist',
    });
    const lenient = cloud().database({ throwOnNotFound: false }).collection('c').doc('x');
    await expect(lenient.get()).resolves.toMatchObject({ data: null });
    const byInit = cloud({ throwOnNotFound: false }).database().collection('c').doc('x');
    await expect(byInit.get()).resolves.toMatchObject({ data: null });
  });

  it('does not mind that nothing was removed', async () => {
    script.reply = { requestId: 'r', data: { deleted: 0 } };
    const result = await cloud().database().collection('c').doc('x').remove();
    expect(result.stats).toEqual({ removed: 0 });
  });

  it.each<[string, (c: ServerCloud) => Promise<unknown>, number]>([
    [
      '_id in update',
      (c) =>
        c
          .database()
          .collection('c')
          .doc('x')
          .update({ data: { _id: 'y' } }),
      -501007,
    ],
    [
      '_id in set',
      (c) =>
        c
          .database()
          .collection('c')
          .doc('x')
          .set({ data: { _id: 'y' } }),
      -501007,
    ],
    [
      'commands in set',
      (c) =>
        c
          .database()
          .collection('c')
          .doc('x')
          .set({ data: { n: c.database().command.inc(1) } }),
      -502001,
    ],
    [
      'update without where',
      (c) =>
        c
          .database()
          .collection('c')
          .update({ data: { a: 1 } }),
      -1,
    ],
    ['remove without where', (c) => c.database().collection('c').remove(), -1],
    ['an upload of a number', (c) => c.uploadFile({ cloudPath: 'a', fileContent: 5 }), -501007],
    ['a call without a name', (c) => c.callFunction({} as never), -401003],
  ])('refuses %s', async (_name, work, errCode) => {
    await expect(work(cloud())).rejects.toMatchObject({ errCode });
    expect(script.actions).toEqual([]);
  });

  it('removes all with an empty where', async () => {
    script.reply = { requestId: 'r', data: { deleted: 3 } };
    const result = await cloud().database().collection('c').where({}).remove();
    expect(result.stats).toEqual({ removed: 3 });
    expect(script.actions[0]).toMatchObject({ query: '{}', multi: true });
  });

  it('names the request of a failed call', async () => {
    script.reply = { requestId: 'r7', code: 'FUNCTIONS_EXECUTE_FAIL', message: 'Error: boom' };
    await expect(cloud().callFunction({ name: 'f' })).rejects.toMatchObject({
      errCode: -504002,
      errMsg: 'callFunction:fail -504002 functions execute fail. requestID r7, Error: boom',
      requestID: 'r7',
    });
  });

  it('gives up a call after its timeout', async () => {
    vi.useFakeTimers();
    script.silent = true;
    const call = cloud({ timeout: 2000 }).callFunction({ name: 'f' });
    const failed = expect(call).rejects.toMatchObject({
      errCode: -501002,
      errMsg: 'callFunction:fail -501002 resource server timeout. callFunction f timed out after 2000 ms',
    });
    await vi.advanceTimersByTimeAsync(2000);
    await failed;
    vi.useRealTimers();
  });

  it('moves files as bytes, from buffers and streams', async () => {
    const made = cloud();
    const { fileID } = await made.uploadFile({
      cloudPath: 'd/a.txt',
      fileContent: Readable.from([Buffer.from('ab'), 'c']),
    });
    expect(fileID).toBe('cloud://dev.b/d/a.txt');
    const { fileContent, statusCode } = await made.downloadFile({ fileID });
    expect([fileContent.toString(), statusCode]).toEqual(['abc', 200]);
  });

  it('reads the code of what the bridge rejects with', async () => {
    script.failure = Object.assign(new Error('no such file'), { code: 'STORAGE_FILE_NONEXIST' });
    await expect(cloud().downloadFile({ fileID: 'cloud://dev.b/x' })).rejects.toMatchObject({
      errCode: -503003,
      errMsg: 'downloadFile:fail -503003 storage file not exists. no such file',
    });
  });

  it('logs exactly one plain object', () => {
    const log = cloud().logger();
    log.info({ a: 1 });
    expect(script.lines).toEqual([['info', { a: 1 }]]);
    for (const objects of [[], ['text'], [{ a: 1 }, { b: 2 }], [[1]]]) {
      expect(() => {
        (log.warn as (...objects: unknown[]) => void)(...objects);
      }).toThrow(expect.objectContaining({ errCode: -501007 }) as Error);
    }
  });

  it('has no watch, and says so', () => {
    const handlers = { onChange: () => undefined, onError: () => undefined };
    expect(() => cloud().database().collection('c').watch(handlers)).toThrow(
      'watch is not supported in cloud functions',
    );
  });

  it('serves another env by new Cloud', async () => {
    script.reply = list();
    const other = new wxServerSDK.Cloud({ resourceEnv: 'shared' });
    await other.init();
    await other.database().collection('c').get();
    expect(script.actions[0]).toMatchObject({ envName: 'shared' });
  });
});

describe('node-sdk', () => {
  const app = nodeSDK.init({ env: nodeSDK.SYMBOL_CURRENT_ENV });

  it('answers in its own shape', async () => {
    const collection = app.database().collection('c');
    script.reply = { requestId: 'r', data: { insertedIds: ['1', '2'] } };
    expect(await collection.add({ a: 1 })).toEqual({ id: '1', requestId: 'r' });
    expect(await collection.add([{ a: 1 }, { a: 2 }])).toEqual({ ids: ['1', '2'], requestId: 'r' });
    script.reply = list('{"_id":"x","at":{"$date":{"$numberLong":"5"}}}');
    expect(await collection.doc('x').get()).toEqual({
      data: [{ _id: 'x', at: new Date(5) }],
      requestId: 'r',
    });
    expect((await collection.where({ a: 1 }).limit(1).get()).data).toHaveLength(1);
    script.reply = { requestId: 'r', data: { updated: 0, upsert_id: 'x' } };
    expect(await collection.doc('x').set({ a: 1 })).toEqual({ updated: 0, upsertedId: 'x', requestId: 'r' });
    script.reply = { requestId: 'r', data: { updated: 2, deleted: 2, total: 2 } };
    expect(await collection.where({ a: 1 }).update({ a: 2 })).toMatchObject({ updated: 2 });
    expect(await collection.where({ a: 1 }).remove()).toMatchObject({ deleted: 2 });
    expect(await collection.count()).toMatchObject({ total: 2 });
    script.reply = { requestId: 'r', data: { response_data: '5' } };
    expect(await app.callFunction({ name: 'f' })).toEqual({ result: 5, requestId: 'r' });
  });

  it('throws errors with the code of the server', async () => {
    script.reply = {
      requestId: 'r',
      code: 'DATABASE_COLLECTION_NOT_EXIST',
      message: 'Db or Table not exist: c.',
    };
    const error: unknown = await app
      .database()
      .collection('c')
      .get()
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TcbError);
    expect(error).toMatchObject({
      code: 'DATABASE_COLLECTION_NOT_EXIST',
      message: 'Db or Table not exist: c.',
      requestId: 'r',
    });
  });

  it('refuses to change a whole collection by accident', async () => {
    await expect(app.database().collection('c').update({ a: 1 })).rejects.toMatchObject({
      code: 'INVALID_PARAM',
    });
    await expect(app.database().collection('c').remove()).rejects.toMatchObject({ code: 'INVALID_PARAM' });
    expect(script.actions).toEqual([]);
  });

  it('answers for each file', async () => {
    script.reply = { requestId: 'r', data: { download_list: [{ code: 'STORAGE_FILE_NONEXIST' }] } };
    expect((await app.getTempFileURL({ fileList: ['cloud://dev.b/x'] })).fileList).toEqual([
      { code: 'STORAGE_FILE_NONEXIST', fileID: 'cloud://dev.b/x', tempFileURL: '', maxAge: undefined },
    ]);
  });

  it('knows the caller', () => {
    script.context = { TCB_UUID: 'u1', TCB_ISANONYMOUS_USER: 'true', CLIENTIP: '10.0.0.1' };
    expect(app.auth().getUserInfo()).toEqual({
      openId: '',
      appId: '',
      uid: 'u1',
      customUserId: '',
      isAnonymous: true,
    });
    expect(app.auth().getClientIP()).toBe('10.0.0.1');
  });

  it('serves tcb-admin-node, whose module is its first app', async () => {
    script.reply = { requestId: 'r', data: { response_data: '1' } };
    await expect(nodeSDK.callFunction({ name: 'f' })).resolves.toMatchObject({ result: 1 });
  });
});
