// The data actions of the protocol behind one interface, once per dialect
// (tcb-wire-protocol.md 6.4 and 6.5).

import { Fault, badParameter } from '../errors';
import type {
  Act,
  AggregateData,
  CountData,
  FindData,
  InsertData,
  Members,
  ModifyAndReturnData,
  ModifyData,
  RemoveData,
  Reply,
} from '../protocol';
import {
  decode,
  decodePlainGeo,
  encode,
  extended,
  plain,
  type Dialect,
  type Json,
  type JsonObject,
} from '../value';
import type { WireStage } from './aggregate-encoder';

/** Which documents, and in which shape. */
export interface Selection {
  collection: string;
  /** Encoded condition; undefined when none was given. */
  where?: JsonObject;
  /** True for `doc(id)`: the condition is exactly `{_id}`. */
  single: boolean;
  order?: readonly { field: string; direction: 'asc' | 'desc' }[];
  limit?: number;
  skip?: number;
  projection?: JsonObject;
}

/** A write to the selected documents. */
export interface Modification {
  data: JsonObject;
  multi: boolean;
  /** False replaces the document, or creates it. */
  merge: boolean;
}

/** Every result names the request that made it. */
interface Stamp {
  requestId: string;
}

/** Documents of one env as the protocol offers them. Failures are Faults. */
export interface Store {
  readonly dialect: Dialect;
  createCollection(name: string): Promise<Stamp>;
  /** Adds one document, or several with one request. */
  insert(collection: string, data: JsonObject | JsonObject[]): Promise<Stamp & { ids: unknown[] }>;
  find(selection: Selection): Promise<Stamp & { documents: unknown[] }>;
  count(selection: Selection): Promise<Stamp & { total: number }>;
  modify(
    selection: Selection,
    modification: Modification,
  ): Promise<Stamp & { updated: number; upsertedId?: unknown }>;
  remove(selection: Selection, multi: boolean): Promise<Stamp & { removed: number }>;
  aggregate(collection: string, stages: WireStage[]): Promise<Stamp & { documents: unknown[] }>;
  /** Changes one document and returns it as it is then; absent in the dialect of clients. */
  readonly modifyAndReturn?: (
    selection: Selection,
    data: JsonObject,
  ) => Promise<Stamp & { updated: number; document: unknown }>;
  /** Absent in the dialect of clients. */
  readonly transactions?: Transactions;
}

/** Transactions of one env. */
export interface Transactions {
  start(): Promise<Stamp & { id: string }>;
  commit(id: string): Promise<Stamp>;
  abort(id: string): Promise<Stamp>;
  /** The store whose operations belong to a transaction; refused is told the code of each that fails. */
  store(id: string, refused: (code: string | undefined) => void): Store;
}

/** Options of a store. */
export interface StoreOptions {
  /** Longest document or update in characters of JSON; undefined for no limit. */
  maxChars?: number;
}

/** A store that speaks the old dialect: values are plain JSON members. */
export function plainStore(act: Act, options: StoreOptions = {}): Store {
  return {
    dialect: plain,
    createCollection: (name) => createCollection(act, name),
    async insert(collection, data) {
      checkSize(data, options);
      const reply = await act('database.addDocument', { collectionName: collection, data });
      const { _id, insertedIds }: InsertData = dataOf(reply);
      return { ids: insertedIds ?? [_id], ...stamp(reply) };
    },
    async find(selection) {
      const reply = await act('database.queryDocument', {
        ...target(selection, selection.where),
        ...range(selection),
        order: selection.order?.map(({ field, direction }) => ({ field, direction })),
        projection: selection.projection,
      });
      return { documents: listOf(reply).map(decode), ...stamp(reply) };
    },
    async count(selection) {
      return counted(await act('database.countDocument', target(selection, selection.where)));
    },
    async modify(selection, { data, multi, merge }) {
      checkSize(data, options);
      const members = { ...target(selection, selection.where), data, multi, merge, upsert: !merge };
      return modified(await act('database.updateDocument', members));
    },
    async remove(selection, multi) {
      return removed(await act('database.deleteDocument', { ...target(selection, selection.where), multi }));
    },
    async aggregate(collection, stages) {
      const reply = await act('database.aggregate', { collectionName: collection, stages });
      const { list = '[]' }: AggregateData = dataOf(reply);
      // One text of a list whose members are texts. GeoJSON stays as it is (wx-cloud-api.md 3.9).
      const documents = (JSON.parse(list) as string[]).map((text) => decodePlainGeo(JSON.parse(text)));
      return { documents, ...stamp(reply) };
    },
  };
}

/** A store that speaks the new dialect: values are texts of extended JSON. */
export function extendedStore(act: Act, options: StoreOptions = {}): Store {
  const condition = ({ where }: Selection): string | undefined => where && JSON.stringify(where);
  return {
    dialect: extended,
    createCollection: (name) => createCollection(act, name),
    async insert(collection, data) {
      checkSize(data, options);
      const list = Array.isArray(data) ? data : [data];
      const texts = list.map((document) => JSON.stringify(document));
      const reply = await act('database.insertDocument', { collectionName: collection, data: texts });
      const { insertedIds }: InsertData = dataOf(reply);
      return { ids: (insertedIds ?? []).map(decode), ...stamp(reply) };
    },
    async find(selection) {
      const reply = await act('database.getDocument', {
        ...target(selection, condition(selection)),
        ...range(selection),
        order: orderText(selection),
        projection: selection.projection && JSON.stringify(selection.projection),
      });
      return { documents: listOf(reply).map(fromText), ...stamp(reply) };
    },
    async count(selection) {
      return counted(await act('database.calculateDocument', target(selection, condition(selection))));
    },
    async modify(selection, { data, multi, merge }) {
      checkSize(data, options);
      const members = { ...target(selection, condition(selection)), multi, merge, upsert: !merge };
      return modified(await act('database.modifyDocument', { ...members, data: JSON.stringify(data) }));
    },
    async remove(selection, multi) {
      return removed(
        await act('database.removeDocument', { ...target(selection, condition(selection)), multi }),
      );
    },
    async aggregate(collection, stages) {
      const reply = await act('database.aggregateDocuments', { collectionName: collection, stages });
      return { documents: listOf(reply).map(fromText), ...stamp(reply) };
    },
    modifyAndReturn: async (selection, data) => {
      const members = { ...target(selection, condition(selection)), data: JSON.stringify(data) };
      const reply = await act('database.modifyAndReturnDoc', members);
      const { updated = 0, doc }: ModifyAndReturnData = dataOf(reply);
      return { updated, document: fromText(doc ?? null), ...stamp(reply) };
    },
    transactions: {
      async start() {
        const reply = await act('database.startTransaction', {});
        if (typeof reply.transactionId !== 'string') throw new Fault(-1, 'the server named no transaction');
        return { id: reply.transactionId, ...stamp(reply) };
      },
      commit: async (id) => stamp(await act('database.commitTransaction', { transactionId: id })),
      abort: async (id) => stamp(await act('database.abortTransaction', { transactionId: id })),
      store: (id, refused) => extendedStore(inTransaction(act, id, refused), options),
    },
  };
}

/** Actions that name a transaction. */
function inTransaction(act: Act, transactionId: string, refused: (code: string | undefined) => void): Act {
  return async (action, members) => {
    try {
      return await act(action, { ...members, transactionId });
    } catch (cause) {
      if (cause instanceof Fault) refused(cause.code);
      throw cause;
    }
  };
}

/** A document of the new dialect, which is a text. */
function fromText(text: unknown): unknown {
  return decode(typeof text === 'string' ? JSON.parse(text) : text);
}

async function createCollection(act: Act, name: string): Promise<Stamp> {
  return stamp(await act('database.addCollection', { collectionName: name }));
}

function dataOf(reply: Reply): object {
  return reply.data ?? {};
}

function listOf(reply: Reply): unknown[] {
  const { list = [] }: FindData = dataOf(reply);
  return list;
}

function stamp(reply: Reply): Stamp {
  return { requestId: reply.requestId ?? '' };
}

function target(selection: Selection, query: Json | undefined): Members {
  return { collectionName: selection.collection, query, queryType: selection.single ? 'DOC' : 'WHERE' };
}

function range({ skip, limit, single }: Selection): Members {
  return { offset: skip, limit, multi: single ? false : undefined };
}

/** Text of the sort order: its key order is the priority, which an object would not keep for `1`, `2`. */
function orderText({ order }: Selection): string | undefined {
  if (order === undefined || order.length === 0) return undefined;
  const members = order.map(({ field, direction }) => {
    const value = encode(direction === 'asc' ? 1 : -1, extended);
    return `${JSON.stringify(field)}:${JSON.stringify(value)}`;
  });
  return `{${members.join(',')}}`;
}

function counted(reply: Reply): Stamp & { total: number } {
  const { total = 0 }: CountData = dataOf(reply);
  return { total, ...stamp(reply) };
}

function removed(reply: Reply): Stamp & { removed: number } {
  const { deleted = 0 }: RemoveData = dataOf(reply);
  return { removed: deleted, ...stamp(reply) };
}

function modified(reply: Reply): Stamp & { updated: number; upsertedId?: unknown } {
  const { updated = 0, upserted_id, upsert_id }: ModifyData = dataOf(reply);
  const upsertedId = decode(upserted_id ?? upsert_id ?? undefined);
  return { updated, ...(upsertedId === undefined ? {} : { upsertedId }), ...stamp(reply) };
}

function checkSize(data: Json, { maxChars }: StoreOptions): void {
  if (maxChars === undefined) return;
  const chars = JSON.stringify(data).length;
  if (chars > maxChars) throw badParameter(`data holds ${chars} characters; at most ${maxChars} are allowed`);
}
