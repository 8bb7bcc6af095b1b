// Aggregations in all shapes of the SDK (wx-cloud-api.md 5). How stages are
// encoded is in encoding.test.ts.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCloud } from '../src/cloud';
import { nodeSDK } from '../src/server/node-sdk';
import { ServerCloud } from '../src/server/wx-server-sdk';
import { settled, signedIn, type Answer, type ScriptedPlatform } from './scripted';
import { script } from './scripted-host';

beforeEach(() => {
  Object.assign(script, { reply: {}, actions: [], answer: undefined, silent: false });
});

const day = '{"_id":"a","at":{"$date":{"$numberLong":"5"}},"n":{"$numberInt":"2"}}';
const point = '{"_id":"b","at":{"type":"Point","coordinates":[{"$numberInt":"1"},{"$numberInt":"2"}]}}';

describe('of a client', () => {
  function client(answer: Answer) {
    const platform: ScriptedPlatform = signedIn(() => answer);
    const cloud = createCloud(platform);
    cloud.init({ env: 'dev' });
    return { db: cloud.database(), platform };
  }

  it('sends stages as texts and reads texts in a text', async () => {
    const { db, platform } = client({ requestId: 'r', data: { list: JSON.stringify([day, point]) } });
    const $ = db.command.aggregate;
    const result = await db
      .collection('c')
      .aggregate()
      .match({ n: db.command.gt(1) })
      .group({ _id: '$k', n: $.sum(1) })
      .end();
    expect(result).toEqual({
      list: [
        { _id: 'a', at: new Date(5), n: 2 },
        { _id: 'b', at: { type: 'Point', coordinates: [1, 2] } },
      ],
      requestId: 'r',
      errMsg: 'collection.aggregate:ok',
    });
    expect(platform.seen.at(-1)?.body).toMatchObject({
      action: 'database.aggregate',
      collectionName: 'c',
      stages: [
        { stageKey: '$match', stageValue: '{"n":{"$gt":1}}' },
        { stageKey: '$group', stageValue: '{"_id":"$k","n":{"$sum":1}}' },
      ],
    });
  });

  it('honours callback style', async () => {
    const { db } = client({ requestId: 'r', data: { list: '[]' } });
    const success = vi.fn();
    const returned: unknown = db.collection('c').aggregate().count('n').end({ success });
    await settled();
    expect(returned).toBeUndefined();
    expect(success).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ list: [] }));
  });

  it('fails under its own name', async () => {
    const { db } = client({ requestId: 'r', code: 'DATABASE_REQUEST_FAILED', message: 'no such stage' });
    await expect(db.collection('c').aggregate().limit(1).end()).rejects.toMatchObject({
      errCode: -502001,
      errMsg: 'collection.aggregate:fail -502001 database request fail. no such stage',
    });
  });

  it('fails before sending for a condition that is none', async () => {
    const { db, platform } = client({});
    const before = platform.seen.length;
    await expect(
      db
        .collection('c')
        .aggregate()
        .match('x' as unknown as object)
        .end(),
    ).rejects.toMatchObject({
      errCode: -401003,
    });
    expect(platform.seen).toHaveLength(before);
  });

  it('has no transactions', async () => {
    const { db } = client({});
    await expect(db.startTransaction()).rejects.toMatchObject({
      errCode: -1,
      errMsg: expect.stringContaining('not on a client') as string,
    });
    await expect(db.runTransaction(() => 1)).rejects.toMatchObject({ errCode: -1 });
  });
});

describe('in a function', () => {
  it('speaks the new dialect and revives GeoJSON', async () => {
    script.reply = { requestId: 'r', data: { list: [day, point] } };
    const cloud = new ServerCloud();
    await cloud.init();
    const db = cloud.database();
    const { list } = await db.collection('c').aggregate().sort({ z: -1, a: 1 }).skip(2).end();
    expect(list[0]).toEqual({ _id: 'a', at: new Date(5), n: 2 });
    expect((list[1] as { at: unknown }).at).toBeInstanceOf(db.Geo.Point);
    expect(script.actions).toMatchObject([
      {
        action: 'database.aggregateDocuments',
        collectionName: 'c',
        stages: [
          { stageKey: '$sort', stageValue: '{"z":{"$numberInt":"-1"},"a":{"$numberInt":"1"}}' },
          { stageKey: '$skip', stageValue: '{"$numberInt":"2"}' },
        ],
      },
    ]);
  });

  it('answers data in the shape of node-sdk', async () => {
    script.reply = { requestId: 'r', data: { list: [day] } };
    const result = await nodeSDK.init().database().collection('c').aggregate().limit(1).end();
    expect(result).toEqual({ data: [{ _id: 'a', at: new Date(5), n: 2 }], requestId: 'r' });
  });

  it('fails with a text code in the shape of node-sdk', async () => {
    script.reply = { requestId: 'r', code: 'DATABASE_INVALID_OPERRATOR', message: 'stages.0.$x' };
    const aggregate = nodeSDK.init().database().collection('c').aggregate().limit(1);
    await expect(aggregate.end()).rejects.toMatchObject({ code: 'DATABASE_INVALID_OPERRATOR' });
  });

  it('changes and returns a document in the shape of node-sdk', async () => {
    const app = nodeSDK.init();
    const query = app.database().collection('c').where({ k: 1 });
    script.reply = { requestId: 'r', data: { updated: 1, doc: day } };
    const change = { n: app.database().command.inc(1) };
    await expect(query.updateAndReturn(change)).resolves.toEqual({
      updated: 1,
      doc: { _id: 'a', at: new Date(5), n: 2 },
      requestId: 'r',
    });
    expect(script.actions).toMatchObject([
      { action: 'database.modifyAndReturnDoc', data: '{"$inc":{"n":{"$numberInt":"1"}}}' },
    ]);
    script.reply = { requestId: 'r', data: { updated: 0, doc: null } };
    await expect(query.updateAndReturn(change)).resolves.toMatchObject({ updated: 0, doc: null });
    await expect(query.updateAndReturn({})).rejects.toMatchObject({ code: 'INVALID_PARAM' });
  });
});
