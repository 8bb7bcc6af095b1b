// The database in the shape of `@cloudbase/node-sdk` (and tcb-admin-node):
// positional data, `id`, `updated`, `deleted`, `requestId`. Same builder, same
// encoders, same store as the wx shape.

import { aggregate } from '../database/aggregate';
import { atOnce, QueryBuilder, type QueryState } from '../database/builder';
import { callable } from '../database/callable';
import { command } from '../database/command';
import type { DocumentId } from '../database/document';
import { Geo } from '../database/geo';
import { StageBuilder, type Stage } from '../database/pipeline';
import { checkNoId, encodeChange } from '../database/query';
import { encodeProjection, isNestable } from '../database/query-encoder';
import { DbRegExp } from '../database/regexp';
import { ServerDate } from '../database/server-date';
import type { Side } from '../database/side';
import type { Selection } from '../database/store';
import { TransactionCore, runTransaction } from '../database/transaction-core';
import { Fault, badType } from '../errors';
import { encode, type JsonObject } from '../value';
import { coded } from './node-errors';

/** Documents of a collection that meet conditions. */
export class NodeQuery extends QueryBuilder {
  protected derive(state: QueryState): this {
    return new NodeQuery(this.side, this.collectionName, state) as this;
  }

  get() {
    return coded(async () => {
      const { documents, requestId } = await this.side.store.find(this.page());
      return { data: documents, requestId };
    });
  }

  count() {
    return coded(() => this.side.store.count(this.selection()));
  }

  /** Changes all documents that match; a condition must have been given. */
  update(data: object) {
    return coded(async () => {
      if (this.state.where === undefined)
        throw new Fault(-501007, 'query condition must be provided', invalid);
      const encoded = encodeChange(this.side, data);
      if (encoded === undefined) return { updated: 0, requestId: '' };
      const { updated, requestId } = await this.side.store.modify(this.selection(), {
        data: encoded,
        multi: true,
        merge: true,
      });
      return { updated, upsertId: null, requestId };
    });
  }

  /** Removes all documents that match; a condition must have been given. */
  remove() {
    return coded(async () => {
      if (this.state.where === undefined)
        throw new Fault(-501007, 'query condition must be provided', invalid);
      const { removed, requestId } = await this.side.store.remove(this.selection(), true);
      return { deleted: removed, requestId };
    });
  }

  /** Changes one document that matches and returns it as it is then; null when none does. */
  updateAndReturn(data: object) {
    return coded(async () => {
      const { modifyAndReturn } = this.side.store;
      const encoded = encodeChange(this.side, data);
      if (modifyAndReturn === undefined || encoded === undefined)
        throw new Fault(-501007, 'the data of updateAndReturn must not be empty', invalid);
      const { updated, document, requestId } = await modifyAndReturn(this.selection(), encoded);
      return { updated, doc: document, requestId };
    });
  }
}

const invalid = { code: 'INVALID_PARAM' };

/** A collection. */
export class NodeCollection extends NodeQuery {
  get name(): string {
    return this.collectionName;
  }

  doc(id: DocumentId): NodeDocument {
    return atOnce('collection.doc', () => {
      if (typeof id !== 'string' && typeof id !== 'number') throw badType('docId', 'string or number', id);
      return new NodeDocument(this.side, this.collectionName, id);
    });
  }

  /** Begins an aggregation; `end()` runs it. */
  aggregate(): NodeAggregate {
    return new NodeAggregate(this.side, this.collectionName);
  }

  /** Adds a document, or several at once. */
  add(data: object | object[]) {
    return coded(async (): Promise<NodeAddResult> => {
      const list: unknown[] = Array.isArray(data) ? data : [data];
      if (list.length === 0 || !list.every(isNestable))
        throw badType('data', 'object or array of objects', data);
      const { store } = this.side;
      const encoded = encode(data, store.dialect) as JsonObject | JsonObject[];
      const { ids, requestId } = await store.insert(this.collectionName, encoded);
      if (Array.isArray(data)) return { ids, requestId };
      return { ...(this.side.inTransaction ? { inserted: 1, ok: 1 } : {}), id: ids[0], requestId };
    });
  }
}

/** Result of add; inside a transaction it also counts. */
export interface NodeAddResult {
  id?: unknown;
  ids?: unknown[];
  inserted?: number;
  ok?: number;
  requestId: string;
}

/** An aggregation of one collection. */
export class NodeAggregate extends StageBuilder {
  constructor(
    private readonly side: Side,
    private readonly collectionName: string,
    stages: readonly Stage[] = [],
  ) {
    super(stages);
  }

  protected derive(stages: readonly Stage[]): this {
    return new NodeAggregate(this.side, this.collectionName, stages) as this;
  }

  end() {
    return coded(async () => {
      const { documents, requestId } = await aggregate(this.side, this.collectionName, this.stages);
      return { data: documents, requestId };
    });
  }
}

/** One document by its id. */
export class NodeDocument {
  constructor(
    private readonly side: Side,
    private readonly collectionName: string,
    readonly id: DocumentId,
    private readonly projection?: JsonObject,
  ) {}

  field(projection: object): NodeDocument {
    return atOnce('document.field', () => {
      const encoded = encodeProjection(projection, this.side.store.dialect);
      return new NodeDocument(this.side, this.collectionName, this.id, encoded);
    });
  }

  /** The document in a list, which is empty when there is none; in a transaction itself, or null. */
  get() {
    return coded(async (): Promise<{ data: unknown; requestId: string }> => {
      const projection = this.projection === undefined ? {} : { projection: this.projection };
      const { documents, requestId } = await this.side.store.find({ ...this.selection(), ...projection });
      return { data: this.side.inTransaction ? (documents[0] ?? null) : documents, requestId };
    });
  }

  /** Creates the document under this id. */
  create(data: object) {
    return new NodeCollection(this.side, this.collectionName).add({ ...data, _id: this.id });
  }

  set(data: object) {
    return coded(async (): Promise<NodeSetResult> => {
      if (!isNestable(data)) throw badType('data', 'object', data);
      checkNoId(this.side, data);
      const encoded = encode(data, this.side.store.dialect) as JsonObject;
      const { updated, upsertedId, requestId } = await this.side.store.modify(this.selection(), {
        data: encoded,
        multi: false,
        merge: false,
      });
      const id = upsertedId ?? null;
      return this.side.inTransaction
        ? { updated, upserted: [{ _id: id }], requestId }
        : { updated, upsertedId: id, requestId };
    });
  }

  update(data: object) {
    return coded(async () => {
      const encoded = encodeChange(this.side, data);
      if (encoded === undefined) return { updated: 0, requestId: '' };
      const { updated, requestId } = await this.side.store.modify(this.selection(), {
        data: encoded,
        multi: false,
        merge: true,
      });
      return { updated, requestId };
    });
  }

  remove() {
    return coded(async () => {
      const { removed, requestId } = await this.side.store.remove(this.selection(), false);
      return { deleted: removed, requestId };
    });
  }

  delete() {
    return this.remove();
  }

  private selection(): Selection {
    const where = { _id: encode(this.id, this.side.store.dialect) };
    return { collection: this.collectionName, single: true, where };
  }
}

/** Result of set: a transaction words the new id in its own way. */
export interface NodeSetResult {
  updated: number;
  upsertedId?: unknown;
  upserted?: { _id: unknown }[];
  requestId: string;
}

/** An open transaction. */
export class NodeTransaction {
  constructor(
    private readonly core: TransactionCore,
    /** Inside of runTransaction the SDK commits. */
    private readonly commits = true,
  ) {}

  collection(name: string): NodeCollection {
    return collectionOf(this.core.side, name);
  }

  commit() {
    return coded(() => {
      if (!this.commits)
        throw new Fault(-501007, 'runTransaction commits by itself when its callback resolves', invalid);
      return this.core.commit();
    });
  }

  /** Undoes everything; inside of runTransaction that call then fails with exactly this reason. */
  rollback(reason?: unknown) {
    return coded(() => this.core.rollback(reason));
  }
}

/** The database of one env. */
export class NodeDatabase {
  readonly command = command;
  readonly Geo = Geo;
  readonly RegExp = callable(DbRegExp);
  readonly serverDate = callable(ServerDate);

  constructor(private readonly side: Side) {}

  collection(name: string): NodeCollection {
    return collectionOf(this.side, name);
  }

  createCollection(name: string) {
    return coded(() => this.side.store.createCollection(name));
  }

  /** Begins a transaction, which its caller commits or rolls back within 30 seconds. */
  async startTransaction(): Promise<NodeTransaction> {
    return new NodeTransaction(await this.start());
  }

  /** Runs a callback in a transaction, again after a conflict, at most `times` times in all. */
  async runTransaction<R>(callback: (transaction: NodeTransaction) => R | Promise<R>, times = 3): Promise<R> {
    const shape = {
      start: () => this.start(),
      commit: (core: TransactionCore) => coded(() => core.commit()),
      face: (core: TransactionCore) => new NodeTransaction(core, false),
    };
    return runTransaction(shape, callback, times);
  }

  private start(): Promise<TransactionCore> {
    return coded(() => TransactionCore.start(this.side));
  }
}

function collectionOf(side: Side, name: string): NodeCollection {
  if (typeof name !== 'string' || name === '')
    throw new Fault(-501007, 'Collection name is required', invalid);
  return new NodeCollection(side, name);
}
