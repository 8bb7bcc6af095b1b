// The way from a function to the server: actions of the new dialect over the
// worker's bridge, and files as bytes.

import * as host from 'baas:host';
import { Fault, serverFault } from '../errors';
import type { Act, Reply } from '../protocol';

/** Marks "the env this function runs in"; user code only passes it on. */
export const CURRENT_ENV = Symbol.for('SYMBOL_CURRENT_ENV');

/** Which env a part of an application uses. */
export type EnvOption =
  string | symbol | { database?: string; functions?: string; storage?: string } | undefined;

/** The env for one service: without a name, that of the running function. */
export function resolveEnv(option: EnvOption, service: 'database' | 'functions' | 'storage'): string {
  const env = typeof option === 'object' ? option[service] : option;
  return typeof env === 'string' && env !== '' ? env : host.env;
}

/** Runs actions in an env. */
export function actIn(env: string): Act {
  return async (action, members) => {
    const text = await host.act(JSON.stringify({ ...members, action, envName: env }));
    const reply = JSON.parse(text) as Reply;
    if (reply.code) throw serverFault(reply.code, reply.message ?? '', reply.requestId);
    return reply;
  };
}

/** Lets a promise fail with -501002 after so many milliseconds. */
export async function within<T>(ms: unknown, what: string, work: Promise<T>): Promise<T> {
  if (typeof ms !== 'number' || !(ms > 0)) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Fault(-501002, `${what} timed out after ${ms} ms`, { code: 'SERVER_TIMEOUT' }));
    }, ms);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Stores bytes or a stream under a path; returns the fileID. */
export async function upload(path: string, content: unknown): Promise<string> {
  const bytes = await bytesOf(content);
  return fileFault(host.upload(path, bytes));
}

/** Reads a file. */
export function download(fileID: string): Promise<Buffer> {
  return fileFault(host.download(fileID));
}

/** The bridge rejects with plain errors that may carry the server's text code. */
async function fileFault<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (typeof code !== 'string') throw cause;
    throw serverFault(code, typeof message === 'string' ? message : '');
  }
}

interface ReadableLike {
  on(event: 'data', listener: (chunk: Uint8Array | string) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

async function bytesOf(content: unknown): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  if (typeof content === 'string') return Buffer.from(content);
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  const stream = content as ReadableLike | undefined;
  if (typeof stream?.on !== 'function') {
    throw new Fault(-501007, '[fileContent] 类型错误 (fileContent must be a Buffer or a readable stream)', {
      code: 'INVALID_PARAM',
    });
  }
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    stream.on('data', (chunk) => chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
  });
}

export { host };
