// Node: fetch for calls, node:http for files (streams with a known length),
// a file for what must outlive the process.

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileStore } from './node-file-store';
import { connectSocket } from './node-socket';
import {
  reportToConsole,
  systemClock,
  type HttpRequest,
  type HttpResponse,
  type KeyValueStore,
  type Platform,
  type TransferControl,
  type UploadRequest,
} from './platform';

/** Longest answer to an upload that is kept, in bytes: an error text. */
const maxUploadAnswer = 64 * 1024;

/** The platform of Node 20 and later; the store is a file unless another is given. */
export function nodePlatform(storage: KeyValueStore = fileStore()): Platform {
  return {
    runtime: 'node-adapter',
    endpoint: 'http://127.0.0.1:8787',
    storage,
    clock: systemClock,
    request,
    upload,
    download: async ({ url, name }, control) => {
      const response = await send('GET', url, {}, control);
      control.headers(flatHeaders(response));
      const status = response.statusCode ?? 0;
      if (status !== 200) {
        response.resume();
        return { status, tempFilePath: '' };
      }
      const id = createHash('sha256').update(randomBytes(16)).digest('hex').slice(0, 24);
      const tempFilePath = join(tmpdir(), `baas-${id}${extname(name)}`);
      const total = Number(response.headers['content-length'] ?? 0);
      try {
        await pipeline(response, counter(total, control), createWriteStream(tempFilePath, { mode: 0o600 }));
      } catch (error) {
        await rm(tempFilePath, { force: true });
        throw error;
      }
      return { status, tempFilePath };
    },
    connect: connectSocket,
    randomId: () => randomBytes(16).toString('hex'),
    report: reportToConsole,
  };
}

async function request({ method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpResponse> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new Error(reasonOf(cause));
  }
}

/** fetch hides the reason of a failure in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message;
}

async function upload(
  { url, source, headers }: UploadRequest,
  control: TransferControl,
): Promise<HttpResponse> {
  const { content, size } = await open(source);
  const length = size === undefined ? {} : { 'content-length': String(size) };
  const body = pipelineOf(content, counter(size ?? 0, control));
  const response = await send('PUT', url, { ...headers, ...length }, control, body);
  control.headers(flatHeaders(response));
  const chunks: Buffer[] = [];
  let kept = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    kept += chunk.length;
    if (kept <= maxUploadAnswer) chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

async function open(source: unknown): Promise<{ content: Readable; size?: number }> {
  if (typeof source === 'string') {
    const { size } = await stat(source);
    return { content: createReadStream(source), size };
  }
  if (source instanceof Uint8Array) return { content: Readable.from([source]), size: source.length };
  if (source instanceof ArrayBuffer) return open(new Uint8Array(source));
  if (source instanceof Readable) return { content: source };
  throw new Error('filePath must be a path, a Buffer or a readable stream');
}

function pipelineOf(content: Readable, through: Transform): Transform {
  content.on('error', (error) => through.destroy(error));
  return content.pipe(through);
}

/** Passes bytes on and reports how many there were. */
function counter(total: number, control: TransferControl): Transform {
  let done = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next: TransformCallback) {
      done += chunk.length;
      control.progress(done, total || done);
      next(null, chunk);
    },
  });
}

function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  control: TransferControl,
  body?: Readable,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const open = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request: ClientRequest = open(url, { method, headers }, resolve);
    request.on('error', reject);
    control.onAbort(() => {
      body?.destroy();
      request.destroy(new Error('abort'));
    });
    if (body === undefined) {
      request.end();
      return;
    }
    body.on('error', (error) => request.destroy(error));
    body.pipe(request);
  });
}

function flatHeaders(response: IncomingMessage): Record<string, string> {
  const entries = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(entries) as Record<string, string>;
}
