// The cloud object against a scripted server: calling convention, shapes and
// texts of wx-cloud-api.md 1 and 3.

import { describe, expect, it, vi } from 'vitest';
import { createCloud } from '../src/cloud';
import type { Cloud, CloudError } from '../src/types';
import { settled, signedIn, type Answer, type ScriptedPlatform } from './scripted';

function cloudOver(platform: ScriptedPlatform, init: Parameters<Cloud['init']>[0] = { env: 'dev' }): Cloud {
  const cloud = createCloud(platform);
  cloud.init(init);
  return cloud;
}

/** A cloud object whose server gives one answer to every action. */
function answering(answer: Answer): { cloud: Cloud; platform: ScriptedPlatform } {
  const platform = signedIn(() => answer);
  return { cloud: cloudOver(platform), platform };
}

async function failure(promise: Promise<unknown>): Promise<CloudError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error as CloudError,
  );
  if (outcome === undefined) throw new Error('the call did not fail');
  return outcome;
}

const called = { requestId: 'r1', data: { response_data: '{"sum":3}' } };

describe('calling convention', () => {
  it('returns a promise without callbacks', async () => {
    const { cloud } = answering(called);
    await expect(cloud.callFunction({ name: 'add', data: { a: 1 } })).resolves.toEqual({
      result: { sum: 3 },
      requestID: 'r1',
      errMsg: 'cloud.callFunction:ok',
    });
  });

  it('returns undefined with success, then calls it and complete', async () => {
    const { cloud } = answering(called);
    const heard: string[] = [];
    const returned: unknown = cloud.callFunction({
      name: 'add',
      success: ({ result }) => heard.push(`success ${JSON.stringify(result)}`),
      complete: () => heard.push('complete'),
    });
    await settled();
    expect(returned).toBeUndefined();
    expect(heard).toEqual(['success {"sum":3}', 'complete']);
  });

  it('returns undefined with complete alone', async () => {
    const { cloud } = answering(called);
    const complete = vi.fn();
    const returned: unknown = cloud.callFunction({ name: 'add', complete });
    await settled();
    expect(returned).toBeUndefined();
    expect(complete).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ errMsg: 'cloud.callFunction:ok' }),
    );
  });

  it('calls fail and complete with the same error', async () => {
    const { cloud } = answering({ code: 'FUNCTIONS_EXECUTE_FAIL', message: 'Error: boom', requestId: 'r2' });
    const fail = vi.fn<(error: CloudError) => void>();
    const complete = vi.fn();
    cloud.callFunction({ name: 'add', fail, complete });
    await settled();
    const error = fail.mock.calls[0]?.[0];
    expect(error).toBeInstanceOf(Error);
    expect(complete).toHaveBeenCalledExactlyOnceWith(error);
  });

  it('reports what a callback throws, and stays a success', async () => {
    const { cloud, platform } = answering(called);
    const thrown = new Error('of the application');
    const fail = vi.fn();
    const complete = vi.fn();
    const success = (): void => {
      throw thrown;
    };
    cloud.callFunction({ name: 'add', success, fail, complete });
    await settled();
    expect(platform.reported).toEqual([thrown]);
    expect(fail).not.toHaveBeenCalled();
    expect(complete).toHaveBeenCalledOnce();
  });

  it('sends validation errors through the same channel', async () => {
    const { cloud, platform } = answering(called);
    const fail = vi.fn<(error: CloudError) => void>();
    cloud.callFunction({ name: 5 as unknown as string, fail });
    await settled();
    expect(fail.mock.calls[0]?.[0].errCode).toBe(-401003);
    expect(platform.actions()).toEqual([]);
  });

  it('fails before init, and throws where there is no channel', async () => {
    const cloud = createCloud(signedIn(() => called));
    const error = await failure(cloud.callFunction({ name: 'add' }));
    expect(error.errMsg).toBe("Cloud API isn't enabled, please call init first");
    expect(() => cloud.database()).toThrow("Cloud API isn't enabled");
  });

  it('lets methods be taken off the object', async () => {
    const { callFunction } = answering(called).cloud;
    await expect(callFunction({ name: 'add' })).resolves.toMatchObject({ result: { sum: 3 } });
  });

  it('counts the first init only, which returns nothing', async () => {
    const platform = signedIn(() => called);
    const cloud = cloudOver(platform);
    const returned: unknown = cloud.init({ env: 'other' });
    await cloud.callFunction({ name: 'add' });
    expect(returned).toBeUndefined();
    expect(platform.actions()[0]).toMatchObject({ env: 'dev' });
  });

  it('refuses an endpoint that is no address', () => {
    const init = { env: 'dev', endpoint: 'cloud.example.com' };
    expect(() =>
      cloudOver(
        signedIn(() => called),
        init,
      ),
    ).toThrow('endpoint must be an address');
  });
});

describe('texts of failures', () => {
  const cases: [string, Answer, (cloud: Cloud) => Promise<unknown>, number, string][] = [
    [
      'a function that threw',
      { code: 'FUNCTIONS_EXECUTE_FAIL', message: 'Error: boom' },
      (cloud) => cloud.callFunction({ name: 'f' }),
      -504002,
      'cloud.callFunction:fail Error: errCode: -504002 functions execute fail | errMsg: Error: boom',
    ],
    [
      'a missing collection',
      { code: 'DATABASE_COLLECTION_NOT_EXIST', message: '[ResourceNotFound] Db or Table not exist: c.' },
      (cloud) => cloud.database().collection('c').add({ data: {} }),
      -502005,
      'collection.add:fail -502005 database collection not exists. [ResourceNotFound] Db or Table not exist: c.',
    ],
    [
      'a permission',
      { code: 'DATABASE_PERMISSION_DENIED', message: 'Permission denied' },
      (cloud) => cloud.database().collection('c').get(),
      -502003,
      'collection.get:fail -502003 database permission denied. Permission denied',
    ],
    [
      'a code that has no number',
      { code: 'SOMETHING_NEW', message: 'what' },
      (cloud) => cloud.database().collection('c').count(),
      -501001,
      'collection.count:fail -501001 resource system error. [SOMETHING_NEW] what',
    ],
    [
      'a code that is the name of an object member',
      { code: 'constructor', message: 'what' },
      (cloud) => cloud.database().collection('c').count(),
      -501001,
      'collection.count:fail -501001 resource system error. [constructor] what',
    ],
    [
      'a document that is not there',
      { data: { list: [] } },
      (cloud) => cloud.database().collection('c').doc('x').get(),
      -1,
      'document.get:fail cannot find document with _id x, please make sure that the document exists and you have the corresponding access permission',
    ],
    [
      'a document that was not removed',
      { data: { deleted: 0 } },
      (cloud) => cloud.database().collection('c').doc('x').remove(),
      -1,
      'document.remove:fail cannot remove document with _id x, please make sure that the document exists and you have the corresponding Write permission',
    ],
    [
      'an answer that is not JSON',
      { status: 502, text: '<html>' },
      (cloud) => cloud.database().collection('c').get(),
      -501001,
      'collection.get:fail -501001 resource system error. http://server/web?env=dev answered with status 502 and no JSON',
    ],
    [
      'no answer',
      new Error('connect ECONNREFUSED'),
      (cloud) => cloud.database().collection('c').get(),
      -1,
      'collection.get:fail request:fail connect ECONNREFUSED (http://server)',
    ],
    [
      'an API of the original only',
      {},
      (cloud) => cloud.callContainer({ path: '/' }),
      -1,
      'cloud.callContainer:fail callContainer is not supported in self-hosting',
    ],
  ];
  it.each(cases)('%s', async (_name, answer, work, errCode, errMsg) => {
    const error = await failure(work(answering(answer).cloud));
    expect(error).toBeInstanceOf(Error);
    expect({ errCode: error.errCode, errMsg: error.errMsg, message: error.message }).toEqual({
      errCode,
      errMsg,
      message: errMsg,
    });
  });

  it('names the request', async () => {
    const answer = {
      code: 'FUNCTION_NOT_FOUND',
      message: 'FunctionName parameter could not be found.',
      requestId: 'r9',
    };
    const error = await failure(answering(answer).cloud.callFunction({ name: 'f' }));
    expect(error).toMatchObject({ errCode: -501000, requestID: 'r9' });
  });
});

describe('checks before anything is sent', () => {
  const cases: [string, (cloud: Cloud) => unknown, number][] = [
    [
      'add without data',
      (c) =>
        c
          .database()
          .collection('c')
          .add({} as never),
      -401003,
    ],
    [
      'add of a list',
      (c) =>
        c
          .database()
          .collection('c')
          .add({ data: [{}] }),
      -401003,
    ],
    ['set of nothing', (c) => c.database().collection('c').doc('x').set({ data: {} }), -401002],
    ['update of nothing', (c) => c.database().collection('c').doc('x').update({ data: {} }), -401002],
    [
      'set of a command',
      (c) =>
        c
          .database()
          .collection('c')
          .doc('x')
          .set({ data: { n: c.database().command.inc(1) } }),
      -502001,
    ],
    [
      'query update without where',
      (c) =>
        c
          .database()
          .collection('c')
          .update({ data: { a: 1 } }),
      -1,
    ],
    ['query remove without where', (c) => c.database().collection('c').remove(), -1],
    ['query remove with an empty where', (c) => c.database().collection('c').where({}).remove(), -1],
    [
      'a document over 512 KB',
      (c) =>
        c
          .database()
          .collection('c')
          .add({ data: { a: 'x'.repeat(524_288) } }),
      -401002,
    ],
    ['no files', (c) => c.getTempFileURL({ fileList: [] }), -401002],
    [
      '51 files',
      (c) => c.deleteFile({ fileList: Array.from({ length: 51 }, () => 'cloud://e.b/x') }),
      -401002,
    ],
    ['an upload to an absolute path', (c) => c.uploadFile({ cloudPath: '/x', filePath: 'y' }), -401002],
    ['an upload of nothing', (c) => c.uploadFile({ cloudPath: 'x' }), -401002],
    [
      'data over 5 MB',
      (c) => c.callFunction({ name: 'f', data: { a: 'x'.repeat(5 * 1024 * 1024) } }),
      -501013,
    ],
  ];
  it.each(cases)('%s', async (_name, work, errCode) => {
    const { cloud, platform } = answering({ data: {} });
    expect((await failure(work(cloud) as Promise<unknown>)).errCode).toBe(errCode);
    expect(platform.actions()).toEqual([]);
  });

  const atOnce: [string, (cloud: Cloud) => unknown, number][] = [
    ['a collection without a name', (c) => c.database().collection(''), -401003],
    [
      'doc(undefined)',
      (c) =>
        c
          .database()
          .collection('c')
          .doc(undefined as never),
      -1,
    ],
    ['orderBy sideways', (c) => c.database().collection('c').orderBy('a', 'sideways'), -401002],
    ['a negative skip', (c) => c.database().collection('c').skip(-1), -401003],
    [
      'where of a text',
      (c) =>
        c
          .database()
          .collection('c')
          .where('a' as never),
      -401003,
    ],
    ['where of nothing but undefined', (c) => c.database().collection('c').where({ a: undefined }), -401002],
    [
      'watch without onError',
      (c) =>
        c
          .database()
          .collection('c')
          .watch({ onChange: () => undefined } as never),
      -401003,
    ],
    [
      'watch of a page',
      (c) => c.database().collection('c').skip(1).watch({ onChange: vi.fn(), onError: vi.fn() }),
      -401002,
    ],
    ['a Cloud without resourceEnv', (c) => new c.Cloud({}), -401003],
  ];
  it.each(atOnce)('%s throws', (_name, work, errCode) => {
    expect(() => work(answering({}).cloud)).toThrow(expect.objectContaining({ errCode }) as Error);
  });
});

describe('database calls on the wire', () => {
  const updated = { requestId: 'r', data: { updated: 1 } };
  const cases: [string, Answer, (cloud: Cloud) => Promise<unknown>, object, object][] = [
    [
      'add',
      { requestId: 'r', data: { _id: 'x1' } },
      (c) =>
        c
          .database()
          .collection('c')
          .add({ data: { a: new Date(5) } }),
      { action: 'database.addDocument', collectionName: 'c', data: { a: { $date: 5 } } },
      { _id: 'x1', errMsg: 'collection.add:ok' },
    ],
    [
      'get with everything',
      { requestId: 'r', data: { list: [{ _id: 'x', t: { $date: 5 } }] } },
      (c) =>
        c
          .database()
          .collection('c')
          .where({ a: 1 })
          .where({ a: c.database().command.lt(3) })
          .orderBy('t', 'desc')
          .orderBy('a', 'asc')
          .skip(5)
          .limit(50)
          .field({ t: true })
          .get(),
      {
        action: 'database.queryDocument',
        collectionName: 'c',
        queryType: 'WHERE',
        query: { $and: [{ a: 1 }, { a: { $lt: 3 } }] },
        order: [
          { field: 't', direction: 'desc' },
          { field: 'a', direction: 'asc' },
        ],
        offset: 5,
        limit: 20,
        projection: { t: 1 },
      },
      { data: [{ _id: 'x', t: new Date(5) }], errMsg: 'collection.get:ok' },
    ],
    [
      'get of a document',
      { requestId: 'r', data: { list: [{ _id: 'x' }] } },
      (c) => c.database().collection('c').doc('x').get(),
      { action: 'database.queryDocument', queryType: 'DOC', query: { _id: 'x' }, multi: false },
      { data: { _id: 'x' }, errMsg: 'document.get:ok' },
    ],
    [
      'count',
      { requestId: 'r', data: { total: 7 } },
      (c) => c.database().collection('c').where({ a: 1 }).count(),
      { action: 'database.countDocument', query: { a: 1 } },
      { total: 7, errMsg: 'collection.count:ok' },
    ],
    [
      'set that creates',
      { requestId: 'r', data: { updated: 0, upserted_id: 'x' } },
      (c) =>
        c
          .database()
          .collection('c')
          .doc('x')
          .set({ data: { a: 1 } }),
      {
        action: 'database.updateDocument',
        query: { _id: 'x' },
        data: { a: 1 },
        multi: false,
        merge: false,
        upsert: true,
      },
      { _id: 'x', stats: { updated: 0, created: 1 }, errMsg: 'document.set:ok' },
    ],
    [
      'update of a document',
      updated,
      (c) =>
        c
          .database()
          .collection('c')
          .doc(7)
          .update({ data: { n: c.database().command.inc(1) } }),
      {
        action: 'database.updateDocument',
        queryType: 'DOC',
        query: { _id: 7 },
        data: { $inc: { n: 1 } },
        multi: false,
        merge: true,
        upsert: false,
      },
      { stats: { updated: 1 }, errMsg: 'document.update:ok' },
    ],
    [
      'update of one match',
      updated,
      (c) =>
        c
          .database()
          .collection('c')
          .where({})
          .update({ data: { a: 1 }, multi: false }),
      { action: 'database.updateDocument', queryType: 'WHERE', query: {}, multi: false },
      { stats: { updated: 1 }, errMsg: 'collection.update:ok' },
    ],
    [
      'remove of all matches',
      { requestId: 'r', data: { deleted: 4 } },
      (c) => c.database().collection('c').where({ a: 1 }).remove(),
      { action: 'database.deleteDocument', query: { a: 1 }, multi: true },
      { stats: { removed: 4 }, errMsg: 'collection.remove:ok' },
    ],
  ];
  it.each(cases)('%s', async (_name, answer, work, sent, result) => {
    const { cloud, platform } = answering(answer);
    await expect(work(cloud)).resolves.toMatchObject(result);
    expect(platform.actions()).toEqual([
      expect.objectContaining({ ...sent, env: 'dev', access_token: 'access-a' }),
    ]);
  });

  it('does not bother the server with an update that changes nothing', async () => {
    const { cloud, platform } = answering({});
    const result = await cloud
      .database()
      .collection('c')
      .doc('x')
      .update({ data: { a: {} } });
    expect(result).toEqual({ stats: { updated: 0 }, errMsg: 'document.update:ok' });
    expect(platform.actions()).toEqual([]);
  });

  it('leaves a query unchanged when another is derived from it', async () => {
    const { cloud, platform } = answering({ data: { list: [] } });
    const base = cloud.database().collection('c').where({ a: 1 });
    base.where({ b: 2 }).limit(1);
    await base.get();
    expect(platform.actions()[0]).toMatchObject({ query: { a: 1 }, limit: 20 });
  });

  it('speaks the new dialect on /admin with an API key', async () => {
    const platform = signedIn(() => ({
      requestId: 'r',
      data: { list: ['{"_id":"x","n":{"$numberInt":"3"}}'] },
    }));
    const cloud = cloudOver(platform, { env: 'dev', apiKey: 'key' });
    const result = await cloud
      .database()
      .collection('c')
      .where({ n: 3 })
      .orderBy('2', 'desc')
      .orderBy('1', 'asc')
      .limit(50)
      .get();
    expect(result.data).toEqual([{ _id: 'x', n: 3 }]);
    expect(platform.seen).toHaveLength(1);
    expect(platform.seen[0]).toMatchObject({
      path: '/admin?env=dev',
      headers: { authorization: 'Bearer key' },
      body: {
        action: 'database.getDocument',
        envName: 'dev',
        query: '{"n":{"$numberInt":"3"}}',
        order: '{"2":{"$numberInt":"-1"},"1":{"$numberInt":"1"}}',
        limit: 50,
      },
    });
  });
});

describe('functions', () => {
  it('revives binary data and hands over text that is no JSON', async () => {
    const revived = await answering({
      data: { response_data: '{"a":{"type":"Buffer","data":[1,2]}}' },
    }).cloud.callFunction({ name: 'f' });
    expect((revived.result as { a: unknown }).a).toEqual(Uint8Array.from([1, 2]).buffer);
    const text = await answering({ data: { response_data: 'plain text' } }).cloud.callFunction({ name: 'f' });
    expect(text.result).toBe('plain text');
    const nothing = await answering({ data: {} }).cloud.callFunction({ name: 'f' });
    expect(nothing.result).toBeUndefined();
  });

  it('sends data as JSON does', async () => {
    const { cloud, platform } = answering({ data: {} });
    const data = { at: new Date(0), gone: undefined, bytes: Uint8Array.from([7]).buffer };
    await cloud.callFunction({ name: 'f', data });
    expect(platform.actions()[0]).toMatchObject({
      action: 'functions.invokeFunction',
      function_name: 'f',
      request_data: '{"at":"1970-01-01T00:00:00.000Z","bytes":{"type":"Buffer","data":[7]}}',
    });
  });

  it('fails for data that contains itself', async () => {
    const data: Record<string, unknown> = {};
    data['self'] = data;
    const error = await failure(answering({}).cloud.callFunction({ name: 'f', data }));
    expect(error.errCode).toBe(-402001);
  });
});

describe('envs', () => {
  it('asks the env of the call, else that of the service', async () => {
    const platform = signedIn(() => ({ data: {} }));
    const cloud = cloudOver(platform, { env: { functions: 'fn-env', database: 'db-env' } });
    await cloud.callFunction({ name: 'f' });
    await cloud.callFunction({ name: 'f', config: { env: 'third' } });
    await cloud.database().collection('c').get();
    expect(platform.actions().map(({ env }) => env)).toEqual(['fn-env', 'third', 'db-env']);
  });

  it('serves a second env by new Cloud, without a user when identityless', async () => {
    const platform = signedIn(() => ({ data: {} }));
    const cloud = cloudOver(platform);
    const other = new cloud.Cloud({ resourceEnv: 'shared', identityless: true });
    await other.init();
    await other.callFunction({ name: 'f' });
    expect(platform.seen.map(({ path }) => path)).toEqual(['/web?env=shared']);
    expect(platform.actions()[0]).not.toHaveProperty('access_token');
  });
});

describe('files', () => {
  it('answers for each file in the order of the list', async () => {
    const { cloud, platform } = answering({
      data: {
        download_list: [
          {
            code: 'SUCCESS',
            fileid: 'cloud://e.b/a',
            download_url: 'http://x/a',
            tempFileURL: 'http://x/a',
            maxAge: 600,
          },
          { code: 'STORAGE_FILE_NONEXIST', fileid: 'cloud://e.b/b' },
        ],
      },
    });
    const result = await cloud.getTempFileURL({
      fileList: ['cloud://e.b/a', { fileID: 'cloud://e.b/b', maxAge: 60 }],
    });
    expect(result.fileList).toEqual([
      { fileID: 'cloud://e.b/a', tempFileURL: 'http://x/a', maxAge: 600, status: 0, errMsg: 'ok' },
      { fileID: 'cloud://e.b/b', tempFileURL: '', status: -503003, errMsg: 'storage file not exists' },
    ]);
    expect(platform.actions()[0]).toMatchObject({
      file_list: [{ fileid: 'cloud://e.b/a' }, { fileid: 'cloud://e.b/b', max_age: 60 }],
    });
  });

  it('deletes', async () => {
    const { cloud } = answering({
      data: { delete_list: [{ fileID: 'cloud://e.b/a', code: 'STORAGE_EXCEED_AUTHORITY' }] },
    });
    const result = await cloud.deleteFile({ fileList: ['cloud://e.b/a'] });
    expect(result.fileList).toEqual([
      { fileID: 'cloud://e.b/a', status: -503002, errMsg: 'storage permission denied' },
    ]);
  });

  it('uploads to the address that the server names', async () => {
    const { cloud, platform } = answering({
      data: {
        url: 'http://x/up?sig=1',
        fileId: 'cloud://e.b/d/a.txt',
        token: 't',
        authorization: 'a',
        cosFileId: 'c',
      },
    });
    const progress = vi.fn();
    platform.upload = (request, control) => {
      expect(request).toMatchObject({
        url: 'http://x/up?sig=1',
        source: '/tmp/a.txt',
        form: { key: 'd/a.txt', signature: 'a' },
      });
      control.progress(5, 10);
      return Promise.resolve({ status: 200, text: '' });
    };
    const result = await new Promise((resolve) => {
      cloud
        .uploadFile({ cloudPath: 'd/a.txt', filePath: '/tmp/a.txt', success: resolve })
        .onProgressUpdate(progress);
    });
    expect(result).toEqual({ fileID: 'cloud://e.b/d/a.txt', statusCode: 200, errMsg: 'cloud.uploadFile:ok' });
    expect(progress).toHaveBeenCalledExactlyOnceWith({
      progress: 50,
      totalBytesSent: 5,
      totalBytesExpectedToSend: 10,
    });
  });

  it('reads the refusal of an upload', async () => {
    const { cloud, platform } = answering({ data: { url: 'http://x/up', fileId: 'cloud://e.b/a' } });
    const text = '<Error><Code>STORAGE_EXCEED_AUTHORITY</Code><Message>not yours</Message></Error>';
    platform.upload = () => Promise.resolve({ status: 403, text });
    const error = await failure(cloud.uploadFile({ cloudPath: 'a', filePath: 'b' }));
    expect(error.errMsg).toBe('cloud.uploadFile:fail -503002 storage permission denied. not yours');
  });

  it('fails with abort when the task is aborted', async () => {
    const { cloud, platform } = answering({ data: { url: 'http://x/up', fileId: 'cloud://e.b/a' } });
    platform.upload = (_request, control) =>
      new Promise((_resolve, reject) => {
        control.onAbort(() => {
          reject(new Error('abort'));
        });
      });
    const error = await new Promise<CloudError>((resolve) => {
      cloud.uploadFile({ cloudPath: 'a', filePath: 'b', fail: resolve }).abort();
    });
    expect(error).toMatchObject({ errCode: -1, errMsg: 'cloud.uploadFile:fail abort' });
  });

  it('downloads, and fails with the code of the file', async () => {
    const there = answering({
      data: { download_list: [{ code: 'SUCCESS', tempFileURL: 'http://x/目/a.txt?sign=%2F' }] },
    });
    there.platform.download = ({ url, name }) => {
      expect({ url, name }).toEqual({ url: 'http://x/%E7%9B%AE/a.txt?sign=%2F', name: 'a.txt' });
      return Promise.resolve({ status: 200, tempFilePath: '/tmp/x' });
    };
    await expect(there.cloud.downloadFile({ fileID: 'cloud://e.b/目/a.txt' })).resolves.toEqual({
      tempFilePath: '/tmp/x',
      statusCode: 200,
      errMsg: 'cloud.downloadFile:ok',
    });
    const missing = answering({ data: { download_list: [{ code: 'STORAGE_FILE_NONEXIST' }] } });
    const error = await failure(missing.cloud.downloadFile({ fileID: 'cloud://e.b/b' }));
    expect(error.errCode).toBe(-503003);
  });
});
