// Errors: what travels inside the SDK (Fault) and what applications get
// (CloudError). The texts are those of wx-cloud-api.md 1.6; user code greps
// for them, so they are part of the contract.

import { codeNumbers, codeTexts } from './error-codes';

/** The error object of every API: wx-cloud-api.md 1.6. */
export class CloudError extends Error {
  readonly errCode: number;
  readonly errMsg: string;
  /** Id of the request, when the server was reached. */
  requestID?: string;

  constructor(errCode: number, errMsg: string) {
    super(errMsg);
    this.name = 'Error';
    this.errCode = errCode;
    this.errMsg = errMsg;
  }
}

/** Details of a Fault that not every failure has. */
export interface FaultDetail {
  /** Text code of the server, such as DATABASE_REQUEST_FAILED. */
  code?: string;
  requestID?: string;
}

/** A failure on its way to an API, which adds its name to the text. */
export class Fault extends Error {
  readonly errCode: number;
  readonly code: string | undefined;
  readonly requestID: string | undefined;

  /** Same as message: commands and Geo constructors throw outside of any API. */
  get errMsg(): string {
    return this.message;
  }

  constructor(errCode: number, message: string, detail: FaultDetail = {}) {
    super(message);
    this.errCode = errCode;
    this.code = detail.code;
    this.requestID = detail.requestID;
  }
}

/** A bad parameter: -401002. */
export function badParameter(text: string): Fault {
  return new Fault(-401002, text);
}

/** A parameter of the wrong type: -401003. */
export function badType(name: string, want: string, got: unknown): Fault {
  return new Fault(-401003, `parameter.${name} should be ${want} instead of ${typeName(got)}`);
}

/** Type of a value in words, for messages. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** Number of a text code; an unknown one reads as -501001, as in wx-server-sdk. */
export function numberOf(code: string): number {
  return own(codeNumbers, code) ?? -501001;
}

/** Short English text of a number, empty for an unknown one. */
export function textOf(errCode: number): string {
  return own(codeTexts, errCode) ?? '';
}

function own<T>(table: Readonly<Record<string | number, T>>, key: string | number): T | undefined {
  return Object.prototype.hasOwnProperty.call(table, key) ? table[key] : undefined;
}

/** The Fault for a reply `{code, message, requestId}` of the server. */
export function serverFault(code: string, message: string, requestID?: string): Fault {
  // A code without a number of its own would vanish from the text.
  const known = own(codeNumbers, code) !== undefined;
  const detail: FaultDetail = { code };
  if (requestID !== undefined) detail.requestID = requestID;
  return new Fault(numberOf(code), known ? message : `[${code}] ${message}`, detail);
}

/**
 * How an API words a coded failure: `plain` is
 * `<api>:fail <n> <text>. <detail>`, `printed` (callFunction of the client) is
 * `<api>:fail Error: errCode: <n> <text> | errMsg: <detail>`.
 */
export type Wording = 'plain' | 'printed';

/** Turns any failure into the error object of one API. */
export function toCloudError(api: string, cause: unknown, wording: Wording = 'plain'): CloudError {
  if (cause instanceof CloudError) return cause;
  const fault = cause instanceof Fault ? cause : undefined;
  const errCode = fault?.errCode ?? -1;
  const error = new CloudError(errCode, `${api}:fail ${describe(errCode, messageOf(cause), wording)}`);
  if (fault?.requestID !== undefined) error.requestID = fault.requestID;
  if (cause instanceof Error && cause.stack !== undefined) {
    error.stack = `${error.name}: ${error.errMsg}\n${framesOf(cause.stack)}`;
  }
  return error;
}

function describe(errCode: number, detail: string, wording: Wording): string {
  if (errCode === -1) return detail;
  const text = textOf(errCode);
  const head = text === '' ? String(errCode) : `${errCode} ${text}`;
  return wording === 'printed' ? `Error: errCode: ${head} | errMsg: ${detail}` : `${head}. ${detail}`;
}

/** Text of anything that was thrown, or that a platform called `fail` with. */
export function messageOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  if (typeof cause === 'string') return cause;
  if (typeof cause === 'object' && cause !== null) {
    const { errMsg, message } = cause as { errMsg?: unknown; message?: unknown };
    if (typeof errMsg === 'string') return errMsg;
    if (typeof message === 'string') return message;
  }
  return 'unknown error';
}

/** The frames of a stack text without its message, which differs per engine. */
function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s*(at\s|.*@)/.test(line))
    .join('\n');
}
