// Watches over a scripted socket, minute by minute (tcb-wire-protocol.md 9,
// wx-cloud-api.md 6).

import { describe, expect, it, vi } from 'vitest';
import { createCloud } from '../src/cloud';
import type { Cloud, CloudError, Snapshot, Watcher } from '../src/types';
import { credentials, ScriptedPlatform, settled, type Answer, type ScriptedSocket } from './scripted';

interface Scene {
  platform: ScriptedPlatform;
  cloud: Cloud;
  snapshots: Snapshot[];
  errors: CloudError[];
  watcher: Watcher;
}

const sign = { data: { signStr: 'S', wsUrl: 'ws://server/ws', secretVersion: 1, envId: 'dev' } };

/** Starts a watch of documents with room 1, sorted by t. */
function watching(answer: () => Answer = () => sign): Scene {
  const platform = new ScriptedPlatform(({ path }) =>
    path.startsWith('/auth/v1') ? credentials('a') : answer(),
  );
  const cloud = createCloud(platform);
  cloud.init({ env: 'dev' });
  const scene = { platform, cloud, snapshots: [] as Snapshot[], errors: [] as CloudError[] };
  const watcher = cloud
    .database()
    .collection('msgs')
    .where({ room: 1 })
    .orderBy('t', 'asc')
    .limit(50)
    .watch({
      onChange: (snapshot) => scene.snapshots.push(snapshot),
      onError: (error: CloudError) => scene.errors.push(error),
    });
  return { ...scene, watcher };
}

/** The socket of the latest attempt, opened and logged in. */
async function connected({ platform }: Scene): Promise<ScriptedSocket> {
  await settled();
  const socket = latest(platform);
  socket.listener.opened();
  const { requestId } = socket.last('LOGIN');
  socket.say({ requestId, msgType: 'LOGIN_EVENT', msgData: { envId: 'dev' } });
  await settled();
  return socket;
}

function latest(platform: ScriptedPlatform): ScriptedSocket {
  const socket = platform.sockets[platform.sockets.length - 1];
  if (socket === undefined) throw new Error('no socket was opened');
  return socket;
}

interface EventSpec {
  id: number;
  kind: string;
  doc?: object;
  docId?: string;
  updated?: object;
  removed?: string[];
}

/** An event of the wire, from `dataType/queueType`. */
function event({ id, kind, doc, docId, updated, removed }: EventSpec): object {
  const [dataType, queueType] = kind.split('/');
  return {
    ID: id,
    DataType: dataType,
    QueueType: queueType,
    DocID: docId ?? (doc as { _id?: string } | undefined)?._id ?? '',
    Doc: doc === undefined ? '' : JSON.stringify(doc),
    UpdatedFields: updated === undefined ? '' : JSON.stringify(updated),
    removedFields: removed === undefined ? '' : JSON.stringify(removed),
  };
}

function answerTo(
  socket: ScriptedSocket,
  asked: string,
  msgType: string,
  current: number,
  events: EventSpec[],
): void {
  const { requestId, watchId } = socket.last(asked);
  socket.say({
    requestId,
    watchId,
    msgType,
    msgData: { queryID: 'Q', currEvent: current, events: events.map(event) },
  });
}

function push(socket: ScriptedSocket, current: number, events: EventSpec[]): void {
  const { watchId } = socket.last('INIT_WATCH');
  const msgData = { queryID: 'Q', currEvent: current, events: events.map(event) };
  socket.say({ requestId: 's-1', watchId, msgType: 'NEXT_EVENT', msgData });
}

const first = { _id: 'd1', room: 1, t: 1, at: { $date: 5 } };

/** A watch whose first result is d1, at position 1. */
async function active(scene: Scene = watching()): Promise<{ scene: Scene; socket: ScriptedSocket }> {
  const socket = await connected(scene);
  answerTo(socket, 'INIT_WATCH', 'INIT_EVENT', 1, [{ id: 0, kind: 'init/init', doc: first }]);
  return { scene, socket };
}

describe('a watch', () => {
  it('signs, logs in, asks, and delivers the first result', async () => {
    const { scene, socket } = await active();
    expect(socket.url).toBe('ws://server/ws');
    expect(scene.platform.actions()).toEqual([
      expect.objectContaining({ action: 'auth.wsWebSign', runtime: 'web' }),
    ]);
    expect(socket.last('LOGIN')).toMatchObject({
      msgData: { envId: 'dev', accessToken: '', referrer: 'web', sdkVersion: '', dataVersion: '' },
      exMsgData: { runtime: 'web', signStr: 'S', secretVersion: 1 },
    });
    expect(socket.last('INIT_WATCH').msgData).toEqual({
      envId: 'dev',
      collName: 'msgs',
      query: '{"room":1}',
      limit: 50,
      orderBy: { t: 'asc' },
    });
    const document = { _id: 'd1', room: 1, t: 1, at: new Date(5) };
    expect(scene.snapshots).toEqual([
      {
        id: 1,
        type: 'init',
        docs: [document],
        docChanges: [{ id: 0, dataType: 'init', queueType: 'init', docId: 'd1', doc: document }],
      },
    ]);
  });

  it('delivers an empty first result', async () => {
    const scene = watching();
    answerTo(await connected(scene), 'INIT_WATCH', 'INIT_EVENT', 0, []);
    expect(scene.snapshots).toEqual([{ id: 0, type: 'init', docs: [], docChanges: [] }]);
  });

  it('follows adds, updates, replacements and removals, in order', async () => {
    const { scene, socket } = await active();
    push(socket, 2, [{ id: 2, kind: 'add/enqueue', doc: { _id: 'd2', room: 1, t: 0 } }]);
    push(socket, 3, [
      { id: 3, kind: 'update/update', docId: 'd1', updated: { 'a.b': 1, t: -1 }, removed: ['at'] },
    ]);
    push(socket, 4, [{ id: 4, kind: 'replace/update', doc: { _id: 'd2', room: 1, t: 7 } }]);
    push(socket, 5, [{ id: 5, kind: 'remove/dequeue', docId: 'd1' }]);
    expect(scene.snapshots.slice(1).map(({ id, docs }) => [id, docs])).toEqual([
      [
        2,
        [
          { _id: 'd2', room: 1, t: 0 },
          { _id: 'd1', room: 1, t: 1, at: new Date(5) },
        ],
      ],
      [
        3,
        [
          { _id: 'd1', room: 1, t: -1, a: { b: 1 } },
          { _id: 'd2', room: 1, t: 0 },
        ],
      ],
      [
        4,
        [
          { _id: 'd1', room: 1, t: -1, a: { b: 1 } },
          { _id: 'd2', room: 1, t: 7 },
        ],
      ],
      [5, [{ _id: 'd2', room: 1, t: 7 }]],
    ]);
    expect(scene.snapshots[2]?.docChanges).toEqual([
      {
        id: 3,
        dataType: 'update',
        queueType: 'update',
        docId: 'd1',
        doc: { _id: 'd1', room: 1, t: -1, a: { b: 1 } },
        updatedFields: { 'a.b': 1, t: -1 },
        removedFields: ['at'],
      },
    ]);
    expect(scene.snapshots[4]?.docChanges[0]).toMatchObject({
      queueType: 'dequeue',
      doc: { _id: 'd1', t: -1 },
    });
    expect(scene.snapshots[1]).not.toHaveProperty('type');
  });

  it('makes one snapshot of all events with one number, and several of one frame', async () => {
    const { scene, socket } = await active();
    push(socket, 3, [
      { id: 2, kind: 'add/enqueue', doc: { _id: 'd2', t: 0 } },
      { id: 2, kind: 'limit/dequeue', docId: 'd1' },
      { id: 3, kind: 'remove/dequeue', docId: 'd2' },
    ]);
    expect(scene.snapshots.slice(1).map(({ id, docChanges }) => [id, docChanges.length])).toEqual([
      [2, 2],
      [3, 1],
    ]);
  });

  it('handles a push that arrives right behind the first result', async () => {
    const scene = watching();
    const socket = await connected(scene);
    answerTo(socket, 'INIT_WATCH', 'INIT_EVENT', 1, [{ id: 0, kind: 'init/init', doc: first }]);
    push(socket, 2, [{ id: 2, kind: 'remove/dequeue', docId: 'd1' }]);
    expect(scene.snapshots.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('ignores numbers it has seen', async () => {
    const { scene, socket } = await active();
    push(socket, 1, [{ id: 1, kind: 'remove/dequeue', docId: 'd1' }]);
    expect(scene.snapshots).toHaveLength(1);
  });

  it('rebuilds after a gap', async () => {
    const { scene, socket } = await active();
    push(socket, 4, [{ id: 4, kind: 'remove/dequeue', docId: 'd1' }]);
    expect(scene.snapshots).toHaveLength(1);
    expect(socket.last('REBUILD_WATCH').msgData).toEqual({
      envId: 'dev',
      collName: 'msgs',
      queryID: 'Q',
      eventID: 1,
    });
    answerTo(socket, 'REBUILD_WATCH', 'NEXT_EVENT', 3, [
      { id: 2, kind: 'add/enqueue', doc: { _id: 'd2', t: 3 } },
      { id: 3, kind: 'remove/dequeue', docId: 'd1' },
    ]);
    expect(scene.snapshots.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('takes a whole result on rebuild as a new beginning', async () => {
    const { scene, socket } = await active();
    push(socket, 9, [{ id: 9, kind: 'remove/dequeue', docId: 'd1' }]);
    answerTo(socket, 'REBUILD_WATCH', 'NEXT_EVENT', 2, [
      { id: 2, kind: 'init/init', doc: { _id: 'd7', t: 1 } },
    ]);
    expect(scene.snapshots[1]).toMatchObject({ id: 2, type: 'init', docs: [{ _id: 'd7', t: 1 }] });
    push(socket, 3, [{ id: 3, kind: 'remove/dequeue', docId: 'd7' }]);
    expect(scene.snapshots[2]).toMatchObject({ id: 3, docs: [] });
  });

  it('takes a document that enters and leaves at once as an empty result', async () => {
    const { scene, socket } = await active();
    push(socket, 9, [{ id: 9, kind: 'remove/dequeue', docId: 'd1' }]);
    answerTo(socket, 'REBUILD_WATCH', 'NEXT_EVENT', 2, [
      { id: 2, kind: 'init/init', doc: { _id: '' } },
      { id: 2, kind: 'remove/dequeue', docId: '' },
    ]);
    expect(scene.snapshots[1]).toEqual({ id: 2, type: 'init', docs: [], docChanges: [] });
  });

  it('starts over when the server cannot rebuild', async () => {
    const { scene, socket } = await active();
    push(socket, 9, [{ id: 9, kind: 'remove/dequeue', docId: 'd1' }]);
    const { requestId, watchId } = socket.last('REBUILD_WATCH');
    socket.say({
      requestId,
      watchId,
      msgType: 'ERROR',
      msgData: { code: 'QUERYID_INVALID_ERROR', message: 'too old' },
    });
    expect(socket.count('INIT_WATCH')).toBe(2);
    answerTo(socket, 'INIT_WATCH', 'INIT_EVENT', 12, []);
    expect(scene.snapshots[1]).toMatchObject({ id: 12, type: 'init', docs: [] });
    expect(scene.errors).toEqual([]);
  });

  it('starts over when rebuilding does not join up', async () => {
    const { socket } = await active();
    push(socket, 9, [{ id: 9, kind: 'remove/dequeue', docId: 'd1' }]);
    for (let turn = 0; turn < 4; turn++) answerTo(socket, 'REBUILD_WATCH', 'NEXT_EVENT', 9, []);
    expect(socket.count('INIT_WATCH')).toBe(2);
  });

  it('fails on events that make no sense', async () => {
    const { scene, socket } = await active();
    push(socket, 2, [{ id: 2, kind: 'update/update', docId: 'unknown', updated: { a: 1 } }]);
    expect(scene.errors[0]).toMatchObject({ errCode: -402007 });
    expect(socket.closedWith?.code).toBe(3001);
  });

  it('reports what onChange throws, and goes on', async () => {
    const platform = new ScriptedPlatform(({ path }) => (path.startsWith('/auth') ? credentials('a') : sign));
    const cloud = createCloud(platform);
    cloud.init({ env: 'dev' });
    const thrown = new Error('of the application');
    const onChange = vi.fn(() => {
      throw thrown;
    });
    const watcher = cloud.database().collection('c').watch({ onChange, onError: vi.fn() });
    const { socket } = await active({ platform, cloud, snapshots: [], errors: [], watcher });
    push(socket, 2, [{ id: 2, kind: 'remove/dequeue', docId: 'd1' }]);
    expect(onChange).toHaveBeenCalledTimes(2);
    expect(platform.reported).toEqual([thrown, thrown]);
  });
});

describe('two watches', () => {
  it('share a socket and get their own events', async () => {
    const { scene, socket } = await active();
    const other: Snapshot[] = [];
    scene.cloud
      .database()
      .collection('msgs')
      .doc('d9')
      .watch({ onChange: (s) => other.push(s), onError: vi.fn() });
    await settled();
    expect(scene.platform.sockets).toHaveLength(1);
    expect(socket.last('INIT_WATCH').msgData).toEqual({
      envId: 'dev',
      collName: 'msgs',
      query: '{"_id":"d9"}',
    });
    answerTo(socket, 'INIT_WATCH', 'INIT_EVENT', 1, []);
    push(socket, 2, [{ id: 2, kind: 'add/enqueue', doc: { _id: 'd9' } }]);
    expect(other.map(({ id }) => id)).toEqual([1, 2]);
    expect(scene.snapshots).toHaveLength(1);
  });
});

describe('closing', () => {
  it('tells the server, closes the socket, and is silent afterwards', async () => {
    const { scene, socket } = await active();
    await scene.watcher.close();
    await scene.watcher.close();
    expect(socket.count('CLOSE_WATCH')).toBe(1);
    expect(socket.last('CLOSE_WATCH').msgData).toBeNull();
    expect(socket.closedWith).toMatchObject({ code: 3001 });
    push(socket, 2, [{ id: 2, kind: 'remove/dequeue', docId: 'd1' }]);
    socket.listener.closed(1006, '');
    await scene.platform.clock.advance(120_000);
    expect(scene.snapshots).toHaveLength(1);
    expect(scene.errors).toEqual([]);
    expect(scene.platform.sockets).toHaveLength(1);
    expect(scene.platform.clock.pending).toBe(0);
  });

  it('works before there is a connection', async () => {
    const scene = watching();
    await scene.watcher.close();
    await settled();
    expect(scene.platform.sockets).toHaveLength(0);
  });

  it('works from within onChange', async () => {
    const scene = watching();
    const socket = await connected(scene);
    answerTo(socket, 'INIT_WATCH', 'INIT_EVENT', 1, []);
    scene.snapshots.push = () => {
      void scene.watcher.close();
      return 0;
    };
    push(socket, 3, [
      { id: 2, kind: 'add/enqueue', doc: { _id: 'd2' } },
      { id: 3, kind: 'add/enqueue', doc: { _id: 'd3' } },
    ]);
    expect(socket.closedWith).toMatchObject({ code: 3001 });
    expect(scene.platform.clock.pending).toBe(0);
  });
});

describe('a connection', () => {
  it('is made anew at once when it is lost, and the watch resumes', async () => {
    const { scene, socket } = await active();
    socket.listener.closed(1006, 'cut');
    await scene.platform.clock.advance(0);
    expect(scene.platform.sockets).toHaveLength(2);
    const next = await connected(scene);
    expect(next.last('REBUILD_WATCH').msgData).toMatchObject({ queryID: 'Q', eventID: 1 });
    expect(next.count('INIT_WATCH')).toBe(0);
    answerTo(next, 'REBUILD_WATCH', 'NEXT_EVENT', 2, [{ id: 2, kind: 'remove/dequeue', docId: 'd1' }]);
    expect(scene.snapshots.map(({ id }) => id)).toEqual([1, 2]);
    expect(scene.errors).toEqual([]);
  });

  it('is tried five times, ten seconds apart, then the watch fails', async () => {
    const { scene, socket } = await active();
    socket.listener.closed(1006, 'cut');
    for (let attempt = 1; attempt <= 5; attempt++) {
      await scene.platform.clock.advance(attempt === 1 ? 0 : 10_000);
      expect(scene.platform.sockets).toHaveLength(1 + attempt);
      expect(scene.errors).toEqual([]);
      latest(scene.platform).listener.closed(1006, 'refused');
    }
    expect(scene.errors).toHaveLength(1);
    expect(scene.errors[0]).toMatchObject({
      errCode: -402003,
      errMsg: expect.stringContaining(
        'collection.watch:fail -402003 realtime listener reconnect ws fail',
      ) as string,
    });
    expect(scene.platform.clock.pending).toBe(0);
  });

  it('survives a server that is away while it signs', async () => {
    let away = false;
    const scene = watching(() => (away ? new Error('connect ECONNREFUSED') : sign));
    const { socket } = await active(scene);
    away = true;
    socket.listener.closed(1006, 'restart');
    await scene.platform.clock.advance(10_500);
    expect(scene.platform.sockets).toHaveLength(1);
    away = false;
    await scene.platform.clock.advance(10_000);
    const next = await connected(scene);
    expect(next.count('REBUILD_WATCH')).toBe(1);
  });

  it('fails at once when the server refuses to sign', async () => {
    const scene = watching(() => ({ code: 'INVALIID_ENV', message: 'no such env' }));
    await settled();
    expect(scene.errors[0]).toMatchObject({ errCode: -402012 });
    expect(scene.platform.clock.pending).toBe(0);
  });

  it('is not made anew after code 3050', async () => {
    const { scene, socket } = await active();
    socket.listener.closed(3050, 'no permission');
    await scene.platform.clock.advance(60_000);
    expect(scene.platform.sockets).toHaveLength(1);
    expect(scene.errors[0]).toMatchObject({ errCode: -402009 });
  });

  it('ignores what an abandoned socket still says', async () => {
    const { scene, socket } = await active();
    socket.listener.closed(1006, 'cut');
    await scene.platform.clock.advance(0);
    push(socket, 2, [{ id: 2, kind: 'remove/dequeue', docId: 'd1' }]);
    socket.listener.closed(1006, 'again');
    await scene.platform.clock.advance(0);
    expect(scene.snapshots).toHaveLength(1);
    expect(scene.platform.sockets).toHaveLength(2);
  });

  it('pings after 10 s of silence and gives up after two missed answers', async () => {
    const { scene, socket } = await active();
    await scene.platform.clock.advance(10_000);
    expect(socket.count('PING')).toBe(1);
    const { requestId, watchId } = socket.last('CHECK_LAST');
    socket.say({ requestId, watchId, msgType: 'CHECK_EVENT', msgData: { queryID: 'Q', currEvent: 1 } });
    socket.say({ requestId: socket.last('PING').requestId, msgType: 'PONG', msgData: null });
    await scene.platform.clock.advance(9_900);
    expect(socket.count('PING')).toBe(1);
    await scene.platform.clock.advance(100);
    expect(socket.count('PING')).toBe(2);
    await scene.platform.clock.advance(5_000);
    expect(socket.count('PING')).toBe(3);
    await scene.platform.clock.advance(5_000);
    expect(socket.closedWith).toMatchObject({ code: 3003 });
    expect(scene.platform.sockets).toHaveLength(2);
  });

  it('logs in anew when the login has ended', async () => {
    const { scene, socket } = await active();
    const { watchId } = socket.last('INIT_WATCH');
    socket.say({
      requestId: 's-2',
      watchId,
      msgType: 'ERROR',
      msgData: { code: 'SIGN_EXPIRED_ERROR', message: '' },
    });
    await scene.platform.clock.advance(0);
    const next = await connected(scene);
    expect(next.count('REBUILD_WATCH')).toBe(1);
    expect(scene.errors).toEqual([]);
  });

  it('tries again when the login is not answered in 5 s', async () => {
    const scene = watching();
    await settled();
    latest(scene.platform).listener.opened();
    await scene.platform.clock.advance(5_000);
    expect(scene.platform.sockets).toHaveLength(2);
  });
});

describe('the last event', () => {
  it('is confirmed 10 s later, and missed ones are fetched', async () => {
    const { scene, socket } = await active();
    await scene.platform.clock.advance(10_000);
    const check = socket.last('CHECK_LAST');
    expect(check.msgData).toEqual({ queryID: 'Q', eventID: 1 });
    await scene.platform.clock.advance(40);
    const { requestId, watchId } = check;
    socket.say({ requestId, watchId, msgType: 'CHECK_EVENT', msgData: { queryID: 'Q', currEvent: 2 } });
    await scene.platform.clock.advance(59);
    expect(socket.count('REBUILD_WATCH')).toBe(0);
    await scene.platform.clock.advance(1);
    expect(socket.count('REBUILD_WATCH')).toBe(1);
  });

  it('is left alone when the missing event arrives in time', async () => {
    const { scene, socket } = await active();
    await scene.platform.clock.advance(10_000);
    await scene.platform.clock.advance(40);
    const { requestId, watchId } = socket.last('CHECK_LAST');
    socket.say({ requestId, watchId, msgType: 'CHECK_EVENT', msgData: { queryID: 'Q', currEvent: 2 } });
    push(socket, 2, [{ id: 2, kind: 'remove/dequeue', docId: 'd1' }]);
    await scene.platform.clock.advance(1_000);
    expect(socket.count('REBUILD_WATCH')).toBe(0);
    expect(scene.snapshots).toHaveLength(2);
  });
});

describe('errors of the server', () => {
  it.each([
    ['at the start', -402002],
    ['later', -402006],
  ])('end the watch %s', async (when, errCode) => {
    const scene = watching();
    const socket = await connected(scene);
    const { requestId, watchId } = socket.last('INIT_WATCH');
    if (when === 'later') answerTo(socket, 'INIT_WATCH', 'INIT_EVENT', 1, []);
    const answered = when === 'later' ? 's-3' : requestId;
    const msgData = { code: 'COLLECTION_PERMISSION_DENIED', message: 'not yours' };
    socket.say({ requestId: answered, watchId, msgType: 'ERROR', msgData });
    expect(scene.errors).toHaveLength(1);
    expect(scene.errors[0]).toMatchObject({
      errCode,
      errMsg: expect.stringContaining('[COLLECTION_PERMISSION_DENIED] not yours') as string,
    });
    expect(socket.closedWith).toMatchObject({ code: 3001 });
    expect(scene.platform.clock.pending).toBe(0);
  });

  it('without an answer a start is repeated twice', async () => {
    const scene = watching();
    const socket = await connected(scene);
    const keepAlive = async (): Promise<void> => {
      for (let second = 0; second < 10; second++) {
        await scene.platform.clock.advance(1_000);
        socket.say({ msgType: 'PONG' });
      }
    };
    await keepAlive();
    expect(socket.count('INIT_WATCH')).toBe(2);
    await keepAlive();
    await keepAlive();
    expect(socket.count('INIT_WATCH')).toBe(3);
    expect(scene.errors[0]).toMatchObject({ errCode: -402002 });
  });
});
