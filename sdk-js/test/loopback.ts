// A real server on a loopback port that plays just enough of baas for the
// platforms to be driven against real sockets and real bytes.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A frame of a client, as far as the tests look. */
export interface WatchFrame {
  msgType: string;
  requestId: string;
  watchId: string;
}

/** What the server was asked, and what it holds. */
export class Loopback {
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: Buffer }[] =
    [];
  readonly sockets: WebSocket[] = [];
  /** Answers frames of the watch protocol; without it texts are echoed. */
  watchAnswer: ((frame: WatchFrame, socketNumber: number) => object | undefined) | undefined;
  /** Bytes by path, as uploaded. */
  readonly files = new Map<string, Buffer>();
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Loopback> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const loopback = new Loopback(server, `http://127.0.0.1:${port}`);
    server.on('request', (request: IncomingMessage, response) => {
      void bodyOf(request).then((body) => {
        const { method = '', url = '', headers } = request;
        loopback.requests.push({ method, path: url, headers, body });
        const { status, content } = loopback.answer(method, url, body);
        response.writeHead(status, { 'content-length': content.length, 'x-from': 'loopback' }).end(content);
      });
    });
    const sockets = new WebSocketServer({ server, path: '/ws' });
    sockets.on('connection', (socket) => {
      loopback.sockets.push(socket);
      socket.on('message', (data, isBinary) => {
        loopback.heard(socket, data as Buffer, isBinary);
      });
    });
    return loopback;
  }

  stop(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }

  private answer(method: string, url: string, body: Buffer): { status: number; content: Buffer } {
    const path = url.replace(/\?.*/, '');
    if (path.startsWith('/auth/v1/provider/token')) return json({ provider_token: 'pt', expires_in: 60 });
    if (path.startsWith('/auth/v1')) {
      return json({ access_token: 'at', refresh_token: 'rt', expires_in: 7200, sub: 'u1' });
    }
    if (path === '/web') return json(this.act(JSON.parse(body.toString()) as Record<string, unknown>));
    if (path.startsWith('/files/')) return this.file(method, path, body);
    return { status: 404, content: Buffer.from('<html>') };
  }

  private act(body: Record<string, unknown>): object {
    switch (body['action']) {
      case 'auth.wsWebSign':
        return { requestId: 'r', data: { signStr: 'S', wsUrl: `${this.url.replace('http', 'ws')}/ws` } };
      case 'storage.getUploadMetadata':
        return {
          requestId: 'r',
          data: {
            url: `${this.url}/files/a.txt`,
            fileId: 'cloud://dev.b/a.txt',
            token: 't',
            authorization: 'a',
            cosFileId: 'c',
          },
        };
      case 'storage.batchGetDownloadUrl':
        return {
          requestId: 'r',
          data: { download_list: [{ code: 'SUCCESS', tempFileURL: `${this.url}/files/a.txt` }] },
        };
      default:
        return { requestId: 'r', data: { response_data: JSON.stringify({ echo: body['request_data'] }) } };
    }
  }

  private file(method: string, path: string, body: Buffer): { status: number; content: Buffer } {
    if (method !== 'GET') {
      this.files.set(path, body);
      return { status: method === 'PUT' ? 200 : 204, content: Buffer.alloc(0) };
    }
    const content = this.files.get(path);
    return content === undefined ? { status: 404, content: Buffer.alloc(0) } : { status: 200, content };
  }

  /** Echoes, unless there is a watch to answer; except for the words that ask for something else. */
  private heard(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    const text = data.toString();
    if (this.watchAnswer !== undefined) {
      const answer = this.watchAnswer(JSON.parse(text) as WatchFrame, this.sockets.indexOf(socket));
      if (answer !== undefined) socket.send(JSON.stringify(answer));
      return;
    }
    if (text === 'close') socket.close(4001, 'as you wish');
    else if (text === 'terminate') socket.terminate();
    else if (text === 'bytes') socket.send(Buffer.from([1, 2, 3]));
    else socket.send(data, { binary: isBinary });
  }
}

function json(value: object): { status: number; content: Buffer } {
  return { status: 200, content: Buffer.from(JSON.stringify(value)) };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
