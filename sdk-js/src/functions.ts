// Calling cloud functions: what goes out and what comes back
// (wx-cloud-api.md 1.7, tcb-wire-protocol.md 7).

import { Fault, badType } from './errors';
import type { Act, InvokeData } from './protocol';
import { circular, put } from './value';

/** Longest data of a call, in characters of JSON. */
const maxDataChars = 5 * 1024 * 1024;

/** What a call is made of. */
export interface CallSpec {
  name: unknown;
  data?: unknown;
  /** Version or alias. */
  qualifier?: unknown;
}

/** Value of the function; undefined when it returned none. */
export interface CallAnswer {
  result: unknown;
  requestID: string;
}

/** Calls a function. Codes: -401003, -402001, -501013, and those of the server. */
export async function invoke(act: Act, { name, data, qualifier }: CallSpec): Promise<CallAnswer> {
  if (typeof name !== 'string' || name === '') throw badType('name', 'non-empty string', name);
  const request_data = textOfData(data ?? {});
  if (request_data.length > maxDataChars) {
    throw new Fault(-501013, `data holds ${request_data.length} characters; send large content as a file`);
  }
  const reply = await act('functions.invokeFunction', {
    function_name: name,
    request_data,
    qualifier: typeof qualifier === 'string' ? qualifier : undefined,
  });
  const { response_data } = (reply.data ?? {}) as InvokeData;
  return { result: parseResult(response_data), requestID: reply.requestId ?? '' };
}

/** JSON as JSON.stringify makes it, with binary data as `{type: 'Buffer', data}`. */
function textOfData(data: unknown): string {
  const binary = (_key: string, value: unknown): unknown =>
    value instanceof ArrayBuffer ? { type: 'Buffer', data: Array.from(new Uint8Array(value)) } : value;
  try {
    const text: unknown = JSON.stringify(data, binary);
    return typeof text === 'string' ? text : 'null';
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw circular();
  }
}

/** Text that is not JSON is handed over as it is. */
function parseResult(text: unknown): unknown {
  if (typeof text !== 'string') return text ?? undefined;
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Turns `{type: 'Buffer', data: […]}` back into an ArrayBuffer, as clients do. */
export function reviveBuffers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reviveBuffers);
  const { type, data } = value as { type?: unknown; data?: unknown };
  if (type === 'Buffer' && Array.isArray(data) && Object.keys(value).length === 2) {
    return Uint8Array.from(data as number[]).buffer;
  }
  const out = {};
  for (const [key, member] of Object.entries(value)) put(out, key, reviveBuffers(member));
  return out;
}
