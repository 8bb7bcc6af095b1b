// A simulated `wx`: the documented shapes of request, uploadFile,
// downloadFile, connectSocket, login and storage, over Node. It lets the
// mini-program build run against a real server in CI.
//
// Only Node's own modules and the `ws` package are used, nothing of the SDK:
// a mistake of the SDK must not be mirrored here.

import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import WebSocket from 'ws';

/** Callbacks that every asynchronous API of wx takes. */
interface Outcome {
  success?: (result: never) => void;
  fail?: (error: never) => void;
  complete?: (resultOrError: never) => void;
}

/** What a simulated mini program is. */
export interface SimOptions {
  appId?: string;
  /** Code that wx.login hands out next; a fresh one each time by default. */
  loginCode?: () => string;
}

type Header = Record<string, string>;

function finish(options: Outcome, name: 'success' | 'fail', value: object): void {
  // As in the base library, callbacks come later, and their errors are not the API's.
  setImmediate(() => {
    (options[name] as ((value: object) => void) | undefined)?.(value);
    (options.complete as ((value: object) => void) | undefined)?.(value);
  });
}

function open(method: string, url: string, header: Header, answered: (response: IncomingMessage) => void) {
  const start = url.startsWith('https:') ? httpsRequest : httpRequest;
  return start(url, { method, headers: header }, answered);
}

function flat(response: IncomingMessage): Header {
  const header: Header = {};
  for (const [name, value] of Object.entries(response.headers)) header[name] = String(value);
  return header;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Listeners of a task. */
class Listeners<T> {
  private readonly all: ((value: T) => void)[] = [];
  readonly add = (listener: (value: T) => void): void => {
    this.all.push(listener);
  };
  tell(value: T): void {
    for (const listener of this.all) listener(value);
  }
}

interface RequestOptions extends Outcome {
  url: string;
  method?: string;
  header?: Header;
  data?: string | object;
  dataType?: string;
  timeout?: number;
}

interface UploadOptions extends Outcome {
  url: string;
  filePath: string;
  name: string;
  formData?: Header;
  header?: Header;
}

interface DownloadOptions extends Outcome {
  url: string;
  header?: Header;
}

interface ConnectOptions extends Outcome {
  url: string;
  header?: Header;
}

/** Makes a `wx`. Every one has its own storage, as every installation has. */
export function simulateWx({ appId = 'wx0000000000000000', loginCode }: SimOptions = {}) {
  const storage = new Map<string, unknown>();

  return {
    request(options: RequestOptions) {
      const { url, method = 'GET', header = {}, data, dataType = 'json', timeout = 60_000 } = options;
      const headersReceived = new Listeners<{ header: Header }>();
      const body = data === undefined || typeof data === 'string' ? data : JSON.stringify(data);
      const request = open(method, url, { 'content-type': 'application/json', ...header }, (response) => {
        headersReceived.tell({ header: flat(response) });
        void textOf(response).then((text) => {
          const result = {
            data: parseAs(dataType, text),
            statusCode: response.statusCode,
            header: flat(response),
          };
          finish(options, 'success', { ...result, errMsg: 'request:ok' });
        });
      });
      request.setTimeout(timeout, () => request.destroy(new Error('timeout')));
      request.on('error', ({ message }) => {
        finish(options, 'fail', { errMsg: `request:fail ${message}` });
      });
      request.end(body);
      return { abort: () => request.destroy(new Error('abort')), onHeadersReceived: headersReceived.add };
    },

    /** Posts a form: wx.uploadFile knows no other way. */
    uploadFile(options: UploadOptions) {
      const { url, filePath, name, formData = {}, header = {} } = options;
      const progress = new Listeners<{
        progress: number;
        totalBytesSent: number;
        totalBytesExpectedToSend: number;
      }>();
      const headersReceived = new Listeners<{ header: Header }>();
      const boundary = `----WebKitFormBoundary${randomBytes(8).toString('hex')}`;
      const body = formBody(boundary, formData, name, filePath);
      const headers = {
        ...header,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': String(body.length),
      };
      const request = open('POST', url, headers, (response) => {
        headersReceived.tell({ header: flat(response) });
        void textOf(response).then((data) => {
          finish(options, 'success', { data, statusCode: response.statusCode, errMsg: 'uploadFile:ok' });
        });
      });
      request.on('error', ({ message }) => {
        finish(options, 'fail', { errMsg: `uploadFile:fail ${message}` });
      });
      // A turn later, so that the listeners of the task are there.
      setImmediate(() => {
        request.end(body, () => {
          progress.tell({
            progress: 100,
            totalBytesSent: body.length,
            totalBytesExpectedToSend: body.length,
          });
        });
      });
      return {
        abort: () => request.destroy(new Error('abort')),
        onProgressUpdate: progress.add,
        onHeadersReceived: headersReceived.add,
      };
    },

    downloadFile(options: DownloadOptions) {
      const { url, header = {} } = options;
      const progress = new Listeners<{
        progress: number;
        totalBytesWritten: number;
        totalBytesExpectedToWrite: number;
      }>();
      const headersReceived = new Listeners<{ header: Header }>();
      const tempFilePath = join(tmpdir(), `wxfile-${randomBytes(8).toString('hex')}`);
      const request = open('GET', url, header, (response) => {
        headersReceived.tell({ header: flat(response) });
        const total = Number(response.headers['content-length'] ?? 0);
        response.pipe(createWriteStream(tempFilePath)).on('close', () => {
          progress.tell({ progress: 100, totalBytesWritten: total, totalBytesExpectedToWrite: total });
          const { statusCode } = response;
          finish(options, 'success', { tempFilePath, statusCode, errMsg: 'downloadFile:ok' });
        });
      });
      request.on('error', ({ message }) => {
        finish(options, 'fail', { errMsg: `downloadFile:fail ${message}` });
      });
      request.end();
      return {
        abort: () => request.destroy(new Error('abort')),
        onProgressUpdate: progress.add,
        onHeadersReceived: headersReceived.add,
      };
    },

    connectSocket(options: ConnectOptions) {
      const opened = new Listeners<{ header: Header }>();
      const message = new Listeners<{ data: string | ArrayBuffer }>();
      const closed = new Listeners<{ code: number; reason: string }>();
      const failed = new Listeners<{ errMsg: string }>();
      const socket = new WebSocket(options.url, { headers: options.header ?? {} });
      socket.on('open', () => {
        opened.tell({ header: {} });
      });
      socket.on('message', (data, isBinary) => {
        const bytes = data as Buffer;
        message.tell({ data: isBinary ? Uint8Array.from(bytes).buffer : bytes.toString() });
      });
      socket.on('close', (code, reason) => {
        closed.tell({ code, reason: reason.toString() });
      });
      socket.on('error', (error) => {
        failed.tell({ errMsg: error.message });
      });
      finish(options, 'success', { errMsg: 'connectSocket:ok' });
      return {
        send({ data, ...outcome }: Outcome & { data: string | ArrayBuffer }) {
          socket.send(data, (error) => {
            if (error) finish(outcome, 'fail', { errMsg: `sendSocketMessage:fail ${error.message}` });
            else finish(outcome, 'success', { errMsg: 'sendSocketMessage:ok' });
          });
        },
        close({ code = 1000, reason = '', ...outcome }: Outcome & { code?: number; reason?: string } = {}) {
          socket.close(code, reason);
          finish(outcome, 'success', { errMsg: 'closeSocket:ok' });
        },
        onOpen: opened.add,
        onMessage: message.add,
        onClose: closed.add,
        onError: failed.add,
      };
    },

    login(options: Outcome) {
      const code = loginCode?.() ?? randomBytes(16).toString('hex');
      finish(options, 'success', { code, errMsg: 'login:ok' });
    },

    getAccountInfoSync: () => ({ miniProgram: { appId, envVersion: 'develop', version: '' } }),
    getStorageSync: (key: string): unknown => storage.get(key) ?? '',
    setStorageSync: (key: string, value: unknown): void => void storage.set(key, value),
    removeStorageSync: (key: string): void => void storage.delete(key),

    getFileSystemManager: () => ({
      readFile({
        filePath,
        encoding,
        ...outcome
      }: Outcome & { filePath: string; encoding?: BufferEncoding }) {
        createReadStream(filePath)
          .on('error', ({ message }) => {
            finish(outcome, 'fail', { errMsg: `readFile:fail ${message}` });
          })
          .on('data', (data) => {
            finish(outcome, 'success', {
              data: encoding ? data.toString(encoding) : data,
              errMsg: 'readFile:ok',
            });
          });
      },
    }),
  };
}

/** Type of the simulated `wx`. */
export type SimulatedWx = ReturnType<typeof simulateWx>;

/** With dataType json the answer is parsed where that is possible. */
function parseAs(dataType: string, text: string): unknown {
  if (dataType !== 'json') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function formBody(boundary: string, fields: Header, name: string, filePath: string): Buffer {
  const parts = Object.entries(fields).map(
    ([key, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${basename(filePath)}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(parts.join('') + file),
    readFileSync(filePath),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}
