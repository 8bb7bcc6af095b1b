// Sockets in Node: the global WebSocket from Node 22 on, and before that a
// small client of RFC 6455 over node:http (text, no extensions).

import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Socket, SocketListener } from './platform';
import type { FrameError } from './websocket-frames';
import { FrameReader, Opcode, closePayload, writeFrame, type Incoming } from './websocket-frames';

/** How long a server may take to agree to a close before it is cut off. */
const closeTimeoutMs = 3000;

/** Appended to the key in the handshake: RFC 6455, section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Opens a socket; failures arrive as closed with code 1006. */
export function connectSocket(url: string, listener: SocketListener): Socket {
  return typeof globalThis.WebSocket === 'function'
    ? globalSocket(url, listener)
    : new HttpSocket(url, listener);
}

function globalSocket(url: string, listener: SocketListener): Socket {
  const socket = new globalThis.WebSocket(url);
  socket.onopen = () => {
    listener.opened();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data === 'string') listener.message(data);
  };
  socket.onclose = ({ code, reason }) => {
    listener.closed(code, reason);
  };
  return {
    send: (text) => {
      socket.send(text);
    },
    close: (code, reason) => {
      socket.close(code, reason);
    },
  };
}

/** A client of RFC 6455 over an upgraded HTTP connection. */
export class HttpSocket implements Socket {
  private stream: Duplex | undefined;
  private readonly reader = new FrameReader();
  private over = false;
  private closing: { code: number; reason: string } | undefined;
  private readonly abortRequest: () => void;

  constructor(
    url: string,
    private readonly listener: SocketListener,
  ) {
    const key = randomBytes(16).toString('base64');
    const open = url.startsWith('wss:') ? httpsRequest : httpRequest;
    const request = open(url.replace(/^ws/, 'http'), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
      },
    });
    this.abortRequest = () => request.destroy();
    request.on('upgrade', (response, stream: Duplex, head) => {
      this.upgraded(response, key, stream, head);
    });
    request.on('response', (response) => {
      response.resume();
      this.end(1006, `the server answered ${response.statusCode ?? 0} instead of a socket`);
    });
    request.on('error', (error) => {
      this.end(1006, error.message);
    });
    request.end();
  }

  send(text: string): void {
    if (this.closing === undefined) this.write(Opcode.text, Buffer.from(text));
  }

  close(code: number, reason: string): void {
    if (this.over || this.closing !== undefined) return;
    this.closing = { code, reason };
    if (this.stream === undefined) {
      this.abortRequest();
      this.end(code, reason);
      return;
    }
    this.write(Opcode.close, closePayload(code, reason));
    const { stream } = this;
    const timer = setTimeout(() => stream.destroy(), closeTimeoutMs);
    stream.once('close', () => {
      clearTimeout(timer);
    });
  }

  private upgraded(response: IncomingMessage, key: string, stream: Duplex, head: Buffer): void {
    const accept = createHash('sha1')
      .update(key + acceptSuffix)
      .digest('base64');
    if (this.over || response.headers['sec-websocket-accept'] !== accept) {
      stream.destroy();
      this.end(1006, 'the server did not accept the handshake');
      return;
    }
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.received(chunk);
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      this.end(this.closing?.code ?? 1006, this.closing?.reason ?? 'the connection was lost');
    });
    this.listener.opened();
    if (head.length > 0) this.received(head);
  }

  private received(chunk: Buffer): void {
    let messages: Incoming[];
    try {
      messages = this.reader.push(chunk);
    } catch (error) {
      const { code, message } = error as FrameError;
      this.close(code, message);
      this.stream?.destroy();
      return;
    }
    for (const message of messages) this.handle(message);
  }

  private handle(message: Incoming): void {
    switch (message.kind) {
      case 'text':
        if (!this.over && this.closing === undefined) this.listener.message(message.text);
        return;
      case 'ping':
        this.write(Opcode.pong, message.payload);
        return;
      case 'close':
        if (this.closing === undefined) {
          this.closing = { code: message.code, reason: message.reason };
          this.write(Opcode.close, closePayload(message.code, ''));
        }
        this.stream?.end();
        return;
      case 'pong':
      case 'binary':
        return; // nothing here sends pings or reads bytes
    }
  }

  private write(opcode: number, payload: Buffer): void {
    if (this.stream?.writable === true) this.stream.write(writeFrame(opcode, payload, randomBytes(4)));
  }

  private end(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.listener.closed(code, reason);
  }
}
