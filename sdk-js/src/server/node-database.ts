// The database in the shape of `@cloudbase/node-sdk` (and tcb-admin-node):
// positional data, `id`, `updated`, `deleted`, `requestId`. Same builder, same
// encoders, same store as the wx shape.

import { atOnce, QueryBuilder, type QueryState } from '../database/builder';
import { callable } from '../database/callable';
import { command } from '../database/command';
import type { DocumentId } from '../database/document';
import { Geo } from '../database/geo';
import { checkNoId, encodeChange } from '../database/query';
import { encodeProjection, isNestable } from '../database/query-encoder';
import { DbRegExp } from '../database/regexp';
import { ServerDate } from '../database/server-date';
import type { Side } from '../database/side';
import type { Selection } from '../database/store';
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

  /** Adds a document, or several at once. */
  add(data: object | object[]) {
    return coded(async (): Promise<{ id?: unknown; ids?: unknown[]; requestId: string }> => {
      const list: unknown[] = Array.isArray(data) ? data : [data];
      if (list.length === 0 || !list.every(isNestable))
        throw badType('data', 'object or array of objects', data);
      const { store } = this.side;
      const encoded = encode(data, store.dialect) as JsonObject | JsonObject[];
      const { ids, requestId } = await store.insert(this.collectionName, encoded);
      return Array.isArray(data) ? { ids, requestId } : { id: ids[0], requestId };
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

  /** The document in a list, which is empty when there is none. */
  get() {
    return coded(async () => {
      const projection = this.projection === undefined ? {} : { projection: this.projection };
      const { documents, requestId } = await this.side.store.find({ ...this.selection(), ...projection });
      return { data: documents, requestId };
    });
  }

  /** Creates the document under this id. */
  create(data: object) {
    return new NodeCollection(this.side, this.collectionName).add({ ...data, _id: this.id });
  }

  set(data: object) {
    return coded(async () => {
      if (!isNestable(data)) throw badType('data', 'object', data);
      checkNoId(this.side, data);
      const encoded = encode(data, this.side.store.dialect) as JsonObject;
      const { updated, upsertedId, requestId } = await this.side.store.modify(this.selection(), {
        data: encoded,
        multi: false,
        merge: false,
      });
      return { updated, upsertedId: upsertedId ?? null, requestId };
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

/** The database of one env. */
export class NodeDatabase {
  readonly command = command;
  readonly Geo = Geo;
  readonly RegExp = callable(DbRegExp);
  readonly serverDate = callable(ServerDate);

  constructor(private readonly side: Side) {}

  collection(name: string): NodeCollection {
    if (typeof name !== 'string' || name === '')
      throw new Fault(-501007, 'Collection name is required', invalid);
    return new NodeCollection(this.side, name);
  }

  createCollection(name: string) {
    return coded(() => this.side.store.createCollection(name));
  }
}
