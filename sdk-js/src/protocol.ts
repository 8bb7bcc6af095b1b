// Wire types of the TCB protocol (tcb-wire-protocol.md 3 to 9): what the
// server answers, before it is looked at. Everything here is data.

import type { Json } from './value';

/** Members of an action beside `action` itself. */
export type Members = Record<string, Json | undefined>;

/** Reply to an action; a truthy code means failure. */
export interface Reply {
  requestId?: string;
  code?: string;
  message?: string;
  /** Of database.startTransaction. */
  transactionId?: string;
  data?: object;
}

/** Runs one action and returns the reply of a success; a failure is a Fault. */
export type Act = (action: string, members: Members) => Promise<Reply>;

/** Members of `data` by action; every one may be missing. */
export interface InsertData {
  _id?: unknown;
  insertedIds?: unknown[];
}

export interface FindData {
  list?: unknown[];
}

export interface ModifyData {
  updated?: number;
  upserted_id?: unknown;
  upsert_id?: unknown;
}

export interface ModifyAndReturnData {
  updated?: number;
  /** Text of the changed document. */
  doc?: string | null;
}

/** Reply of the old dialect: a text in a text. */
export interface AggregateData {
  list?: string;
}

export interface RemoveData {
  deleted?: number;
}

export interface CountData {
  total?: number;
}

export interface InvokeData {
  response_data?: string;
}

export interface UploadData {
  url?: string;
  token?: string;
  authorization?: string;
  fileId?: string;
  cosFileId?: string;
}

export interface DownloadItem {
  code?: string;
  fileid?: string;
  fileID?: string;
  download_url?: string;
  tempFileURL?: string;
  maxAge?: number;
}

export interface DeleteItem {
  code?: string;
  fileID?: string;
}

export interface SignData {
  signStr?: string;
  wsUrl?: string;
  secretVersion?: Json;
  envId?: string;
}

/** A frame that the client sends. */
export type ClientFrame =
  | { requestId: string; msgType: 'LOGIN'; msgData: LoginData; exMsgData: LoginSign }
  | { watchId: string; requestId: string; msgType: 'INIT_WATCH'; msgData: InitWatchData }
  | { watchId: string; requestId: string; msgType: 'REBUILD_WATCH'; msgData: RebuildData }
  | {
      watchId: string;
      requestId: string;
      msgType: 'CHECK_LAST';
      msgData: { queryID: string; eventID: number };
    }
  | { watchId: string; requestId: string; msgType: 'CLOSE_WATCH'; msgData: null }
  | { requestId: string; msgType: 'PING'; msgData: null };

export interface LoginData {
  envId: string;
  accessToken: string;
  referrer: string;
  sdkVersion: string;
  dataVersion: string;
}

export interface LoginSign {
  runtime: string;
  signStr: string;
  secretVersion: Json;
}

export interface InitWatchData {
  envId: string;
  collName: string;
  /** JSON text in the old dialect. */
  query: string;
  limit?: number;
  /** Key order is priority. */
  orderBy?: Record<string, 'asc' | 'desc'>;
}

export interface RebuildData {
  envId: string;
  collName: string;
  queryID: string;
  eventID: number;
}

/** A frame of the server, parsed and checked by parseFrame. */
export type ServerFrame =
  | { kind: 'login'; requestId: string; failure?: ServerError }
  | {
      kind: 'events';
      requestId: string;
      watchId: string;
      init: boolean;
      queryID: string;
      current: number;
      events: WireEvent[];
    }
  | { kind: 'check'; requestId: string; watchId: string; current: number }
  | { kind: 'error'; requestId: string; watchId: string; error: ServerError }
  | { kind: 'pong' };

export interface ServerError {
  code: string;
  message: string;
}

/** One change of one document. Members other than these are ignored. */
export interface WireEvent {
  id: number;
  dataType: string;
  queueType: string;
  docId: string;
  /** JSON texts, empty where there is nothing. */
  doc: string;
  updatedFields: string;
  removedFields: string;
}

/** Parses a text frame; undefined for one that cannot be understood. */
export function parseFrame(text: string): ServerFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof frame !== 'object' || frame === null) return undefined;
  const { msgType, msgData } = frame as { msgType?: unknown; msgData?: unknown };
  const requestId = textOf(frame, 'requestId');
  const watchId = textOf(frame, 'watchId');
  const data = typeof msgData === 'object' && msgData !== null ? msgData : {};
  switch (msgType) {
    case 'LOGIN_RES':
    case 'LOGIN_EVENT':
      return textOf(data, 'code') === ''
        ? { kind: 'login', requestId }
        : { kind: 'login', requestId, failure: errorOf(data) };
    case 'INIT_EVENT':
    case 'NEXT_EVENT': {
      const events = eventsOf(data);
      const current = numberOf(data, 'currEvent');
      if (events === undefined || current === undefined) return undefined;
      const init = msgType === 'INIT_EVENT';
      return { kind: 'events', requestId, watchId, init, queryID: textOf(data, 'queryID'), current, events };
    }
    case 'CHECK_EVENT': {
      const current = numberOf(data, 'currEvent');
      return current === undefined ? undefined : { kind: 'check', requestId, watchId, current };
    }
    case 'ERROR':
      return { kind: 'error', requestId, watchId, error: errorOf(data) };
    case 'PONG':
      return { kind: 'pong' };
    default:
      return undefined;
  }
}

function errorOf(data: object): ServerError {
  return { code: textOf(data, 'code') || 'SYS_ERR', message: textOf(data, 'message') };
}

function eventsOf(data: object): WireEvent[] | undefined {
  const { events } = data as { events?: unknown };
  if (!Array.isArray(events)) return undefined;
  const out: WireEvent[] = [];
  for (const event of events as unknown[]) {
    if (typeof event !== 'object' || event === null) return undefined;
    const id = numberOf(event, 'ID');
    if (id === undefined) return undefined;
    out.push({
      id,
      dataType: textOf(event, 'DataType'),
      queueType: textOf(event, 'QueueType'),
      docId: textOf(event, 'DocID'),
      doc: textOf(event, 'Doc'),
      updatedFields: textOf(event, 'UpdatedFields'),
      removedFields: textOf(event, 'removedFields') || textOf(event, 'RemovedFields'),
    });
  }
  return out;
}

function textOf(from: object, key: string): string {
  const value = (from as Record<string, unknown>)[key];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}

function numberOf(from: object, key: string): number | undefined {
  const value = (from as Record<string, unknown>)[key];
  return typeof value === 'number' ? value : undefined;
}
