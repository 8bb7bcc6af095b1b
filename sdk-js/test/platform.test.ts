// The platforms against real sockets: Node, and the mini program over the
// simulated wx. The WebSocket client is held against the `ws` package.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCloud } from '../src/cloud';
import { miniProgramPlatform } from '../src/platform/miniprogram';
import { nodePlatform } from '../src/platform/node';
import { fileStore } from '../src/platform/node-file-store';
import { HttpSocket, connectSocket } from '../src/platform/node-socket';
import { memoryStore, type Platform, type Socket } from '../src/platform/platform';
import {
  FrameError,
  FrameReader,
  Opcode,
  closePayload,
  maxMessageBytes,
  writeFrame,
} from '../src/platform/websocket-frames';
import type { Cloud, Snapshot } from '../src/types';
import { Loopback } from './loopback';
import { simulateWx } from './wx-sim';

let folder: string;
let server: Loopback;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baas-sdk-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  server = await Loopback.start();
});
afterEach(() => server.stop());

/** Waits for what others do; only a broken SDK takes long. */
function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 15_000, interval: 5 });
}

const platforms: [string, () => Platform][] = [
  ['Node', () => nodePlatform(memoryStore())],
  ['a mini program', () => miniProgramPlatform(simulateWx({ appId: 'wx1' }))],
];

describe.each(platforms)('%s', (name, make) => {
  function cloud(): Cloud {
    const made = createCloud(make());
    made.init({ env: 'dev', endpoint: `${server.url}/` });
    return made;
  }

  it('calls', async () => {
    const result = await cloud().callFunction({ name: 'f', data: { 名: '值' } });
    expect(result.result).toEqual({ echo: '{"名":"值"}' });
  });

  it('signs in as its users do', async () => {
    await cloud().callFunction({ name: 'f' });
    const [first] = server.requests;
    const path = name === 'Node' ? '/auth/v1/signin/anonymously' : '/auth/v1/provider/token';
    expect(first?.path).toBe(`${path}?client_id=dev`);
    if (name !== 'Node')
      expect(JSON.parse(first?.body.toString() ?? '')).toMatchObject({ provider_id: 'wx1' });
  });

  it('uploads and downloads a file, with progress and headers', async () => {
    const filePath = join(folder, 'a.txt');
    const content = Buffer.alloc(300_000, 'é');
    writeFileSync(filePath, content);
    const progress = vi.fn<(p: { progress: number }) => void>();
    await new Promise((resolve, reject) => {
      const task = cloud().uploadFile({ cloudPath: 'a.txt', filePath, success: resolve, fail: reject });
      task.onProgressUpdate(progress);
    });
    expect(progress.mock.calls.pop()?.[0]).toMatchObject({ progress: 100 });
    const upload = server.requests[server.requests.length - 1];
    if (name === 'Node') {
      expect(upload).toMatchObject({ method: 'PUT', headers: { 'content-length': String(content.length) } });
      expect(upload?.body.equals(content)).toBe(true);
    } else {
      expect(upload?.method).toBe('POST');
      for (const field of [
        'name="key"\r\n\r\na.txt',
        'name="signature"\r\n\r\na',
        'name="file"; filename="a.txt"',
      ]) {
        expect(upload?.body.includes(field)).toBe(true);
      }
      server.files.set('/files/a.txt', content);
    }
    const headers = vi.fn<(h: { header: Record<string, string> }) => void>();
    const downloaded = await new Promise<{ tempFilePath: string }>((resolve, reject) => {
      const task = cloud().downloadFile({ fileID: 'cloud://dev.b/a.txt', success: resolve, fail: reject });
      task.onHeadersReceived(headers);
    });
    expect(readFileSync(downloaded.tempFilePath).equals(content)).toBe(true);
    expect(headers.mock.calls[0]?.[0].header['x-from']).toBe('loopback');
    rmSync(downloaded.tempFilePath);
  });

  it('fails clearly when there is no such file, here or there', async () => {
    const here = cloud().uploadFile({ cloudPath: 'a.txt', filePath: join(folder, 'missing') });
    await expect(here).rejects.toMatchObject({ errCode: -1 });
    const there = cloud().downloadFile({ fileID: 'cloud://dev.b/a.txt' });
    await expect(there).rejects.toMatchObject({ errCode: -503001 });
  });

  it('fails clearly when nobody listens', async () => {
    const made = createCloud(make());
    await server.stop();
    made.init({ env: 'dev', endpoint: server.url });
    await expect(made.callFunction({ name: 'f' })).rejects.toMatchObject({
      errCode: -1,
      errMsg: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('watches, and resumes when the connection is cut', async () => {
    server.watchAnswer = ({ msgType, requestId, watchId }, socketNumber) => {
      if (msgType === 'LOGIN') return { requestId, msgType: 'LOGIN_EVENT', msgData: {} };
      if (msgType !== 'INIT_WATCH' && msgType !== 'REBUILD_WATCH') return undefined;
      const current = socketNumber + 1;
      const doc = { ID: current, DataType: 'init', QueueType: 'init', DocID: 'd', Doc: '{"_id":"d"}' };
      const answer = msgType === 'INIT_WATCH' ? 'INIT_EVENT' : 'NEXT_EVENT';
      return {
        requestId,
        watchId,
        msgType: answer,
        msgData: { queryID: 'Q', currEvent: current, events: [doc] },
      };
    };
    const snapshots: Snapshot[] = [];
    const onError = vi.fn();
    const watcher = cloud()
      .database()
      .collection('c')
      .watch({ onChange: (s) => snapshots.push(s), onError });
    await until(() => snapshots.length === 1);
    server.sockets[0]?.terminate();
    await until(() => snapshots.length === 2);
    await watcher.close();
    await until(() => server.sockets[1]?.readyState === 3);
    expect(snapshots.map(({ id, type }) => [id, type])).toEqual([
      [1, 'init'],
      [2, 'init'],
    ]);
    expect(onError).not.toHaveBeenCalled();
  });
});

describe('what Node remembers', () => {
  it('is in a file for its owner only, shared by processes', () => {
    const path = join(folder, 'state', 'session.json');
    const store = fileStore(path);
    store.set('a', '1');
    fileStore(path).set('b', '2');
    expect([store.get('a'), store.get('b')]).toEqual(['1', '2']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    store.remove('a');
    expect(fileStore(path).get('a')).toBeUndefined();
  });

  it('starts anew over a damaged file', () => {
    const path = join(folder, 'damaged.json');
    writeFileSync(path, '{"a":');
    const store = fileStore(path);
    expect(store.get('a')).toBeUndefined();
    store.set('a', '1');
    expect(fileStore(path).get('a')).toBe('1');
  });

  it('is in memory where nothing can be written', () => {
    const store = fileStore('/dev/null/session.json');
    store.set('a', '1');
    expect(store.get('a')).toBe('1');
  });
});

interface Heard {
  socket: Socket;
  messages: string[];
  closed: Promise<{ code: number; reason: string }>;
  opened: Promise<void>;
}

function open(url: string): Heard {
  const messages: string[] = [];
  let socket: Socket | undefined;
  let resolveOpened: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (resolveOpened = resolve));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket = new HttpSocket(url, {
      opened: resolveOpened,
      message: (text) => messages.push(text),
      closed: (code, reason) => {
        resolve({ code, reason });
      },
    });
  });
  return { socket: socket as unknown as Socket, messages, closed, opened };
}

describe('the WebSocket client', () => {
  const address = (): string => `${server.url.replace('http', 'ws')}/ws`;

  it('is used where Node has none of its own', () => {
    const builtIn = 'WebSocket' in globalThis;
    const socket = connectSocket(address(), { opened: vi.fn(), message: vi.fn(), closed: vi.fn() });
    expect(socket instanceof HttpSocket).toBe(!builtIn);
    socket.close(1000, '');
  });

  it.each([1, 125, 126, 65_535, 65_536, 1_000_000])('sends and receives %i characters', async (length) => {
    const { socket, messages, opened } = open(address());
    await opened;
    const text = '字'.repeat(length);
    socket.send(text);
    await until(() => messages.length === 1);
    expect(messages[0] === text).toBe(true);
    socket.close(1000, '');
  });

  it('keeps the order, answers pings, ignores bytes', async () => {
    const { socket, messages, opened } = open(address());
    await opened;
    const [peer] = server.sockets;
    const ponged = new Promise((resolve) => peer?.on('pong', resolve));
    peer?.ping('are you there');
    for (const text of ['a', 'bytes', 'b']) socket.send(text);
    await ponged;
    await until(() => messages.length === 2);
    expect(messages).toEqual(['a', 'b']);
    socket.close(1000, '');
  });

  it('reads messages that come in parts', async () => {
    const { socket, messages, opened } = open(address());
    await opened;
    const [peer] = server.sockets;
    peer?.send('one ', { fin: false });
    peer?.ping();
    peer?.send('message', { fin: true });
    await until(() => messages.length === 1);
    expect(messages).toEqual(['one message']);
    socket.close(1000, '');
  });

  it('hears a close, and says one', async () => {
    const first = open(address());
    await first.opened;
    first.socket.send('close');
    expect(await first.closed).toEqual({ code: 4001, reason: 'as you wish' });
    const second = open(address());
    await second.opened;
    const heard = new Promise((resolve) => server.sockets[1]?.on('close', resolve));
    second.socket.close(3001, 'no listeners left');
    expect(await heard).toBe(3001);
    expect(await second.closed).toEqual({ code: 3001, reason: 'no listeners left' });
  });

  it('hears a loss', async () => {
    const { socket, opened, closed } = open(address());
    await opened;
    socket.send('terminate');
    expect(await closed).toMatchObject({ code: 1006 });
  });

  it('is closed with 1006 when there is no socket behind the address', async () => {
    const answered = await open(`${server.url}/nothing`).closed;
    expect(answered).toEqual({ code: 1006, reason: 'the server answered 400 instead of a socket' });
  });

  it('can be closed before it is open', async () => {
    const { socket, closed } = open(address());
    socket.close(3001, 'changed my mind');
    expect(await closed).toEqual({ code: 3001, reason: 'changed my mind' });
  });
});

describe('frames', () => {
  const unmasked = (first: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.from([first, payload.length]), payload]);

  it('are read byte by byte', () => {
    const reader = new FrameReader();
    const bytes = unmasked(0x81, Buffer.from('hé'));
    const found = Array.from(bytes).flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(found).toEqual([{ kind: 'text', text: 'hé' }]);
  });

  it('are masked as RFC 6455 section 5.7 shows', () => {
    const frame = writeFrame(Opcode.text, Buffer.from('Hello'), Buffer.from('37fa213d', 'hex'));
    expect(frame.toString('hex')).toBe('818537fa213d7f9f4d5158');
  });

  const length64 = (length: number): Buffer => {
    const buffer = Buffer.alloc(10);
    buffer.writeUInt8(0x81, 0);
    buffer.writeUInt8(127, 1);
    buffer.writeBigUInt64BE(BigInt(length), 2);
    return buffer;
  };

  it.each<[string, Buffer, number]>([
    ['masked by a server', Buffer.from([0x81, 0x80, 0, 0, 0, 0]), 1002],
    ['with reserved bits', Buffer.from([0xc1, 0x00]), 1002],
    ['of an unknown kind', Buffer.from([0x83, 0x00]), 1002],
    ['that continue nothing', Buffer.from([0x80, 0x00]), 1002],
    ['that begin inside a message', Buffer.from([0x01, 0x00, 0x81, 0x00]), 1002],
    ['of control in parts', Buffer.from([0x09, 0x00]), 1002],
    ['of control over 125 bytes', Buffer.from([0x89, 126, 0, 126]), 1002],
    ['with a close code of one byte', Buffer.from([0x88, 1, 3]), 1002],
    ['with text that is not UTF-8', unmasked(0x81, Buffer.from([0xff])), 1007],
    ['over the limit', length64(maxMessageBytes + 1), 1009],
    [
      'over the limit together',
      Buffer.concat([unmasked(0x01, Buffer.from('x')), length64(maxMessageBytes)]),
      1009,
    ],
  ])('%s are refused', (_name, bytes, code) => {
    let refusal: unknown;
    try {
      new FrameReader().push(bytes);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(FrameError);
    expect(refusal).toMatchObject({ code });
  });

  it('of a close hold only codes that may be sent', () => {
    expect(closePayload(1006, 'x')).toHaveLength(0);
    expect(closePayload(3001, 'é'.repeat(100)).length).toBeLessThanOrEqual(125);
  });
});
