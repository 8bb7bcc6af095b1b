// One JSON request to the server and its answer, whatever the platform.

import { Fault, messageOf } from '../errors';
import type { Platform } from '../platform/platform';

/** Longest wait for an answer: a function may run for 60 s. */
export const defaultTimeoutMs = 65_000;

/** A request whose body is JSON. */
export interface JsonRequest {
  method?: 'GET' | 'POST';
  /** Begins with `/`. */
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

/** The server at one address. */
export class Http {
  private sequence = 0;

  constructor(
    readonly platform: Platform,
    readonly endpoint: string,
    private readonly timeoutMs: number = defaultTimeoutMs,
  ) {}

  /** Sends and parses. Codes: -1 when there is no answer, -501001 when it is not JSON. */
  async json({ method = 'POST', path, headers = {}, body }: JsonRequest): Promise<object> {
    const url = this.endpoint + path;
    let answer: { status: number; text: string };
    try {
      answer = await this.platform.request({
        method,
        url,
        headers: { 'content-type': 'application/json', 'x-sdk-version': 'baas-sdk/0.1.0', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMs: this.timeoutMs,
      });
    } catch (cause) {
      throw new Fault(-1, `request:fail ${messageOf(cause)} (${this.endpoint})`);
    }
    return parse(answer, url);
  }

  /** An id for one request, unique in this process. */
  nextId(): string {
    this.sequence++;
    return `${this.platform.clock.now().toString(36)}-${this.sequence.toString(36)}`;
  }
}

function parse({ status, text }: { status: number; text: string }, url: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // reported below: something other than the server answered
  }
  throw new Fault(-501001, `${url} answered with status ${status} and no JSON`);
}

/** Checks and trims the address of a server. Code: -401002. */
export function normalizeEndpoint(endpoint: unknown): string {
  if (typeof endpoint !== 'string' || !/^https?:\/\/[^/?#]+/.test(endpoint)) {
    throw new Fault(
      -401002,
      `endpoint must be an address such as https://cloud.example.com, not ${String(endpoint)}`,
    );
  }
  return endpoint.replace(/[?#].*$/, '').replace(/\/+$/, '');
}
