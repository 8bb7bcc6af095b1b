// DocumentReference: one document by its id (wx-cloud-api.md 3.4 to 3.7).

import { Fault, badParameter, badType } from '../errors';
import { encode, type JsonObject } from '../value';
import { atOnce } from './builder';
import { checkNoId, encodeChange, startWatch } from './query';
import { encodeProjection, isNestable } from './query-encoder';
import type { Side } from './side';
import type { Selection } from './store';
import type { WatchHandlers, Watcher } from './watch';

/** Id of a document. */
export type DocumentId = string | number;

/** One document of a collection. */
export class DocumentReference {
  private projection: JsonObject | undefined;

  constructor(
    private readonly side: Side,
    readonly collectionName: string,
    readonly _id: DocumentId,
  ) {}

  /** Chooses the fields to read; changes and returns this reference. */
  field(projection: object): this {
    atOnce('document.field', () => {
      this.projection = encodeProjection(projection, this.side.store.dialect);
    });
    return this;
  }

  /** Reads the document. A missing one fails, unless throwOnNotFound is false. */
  get(options?: object) {
    return this.side.run('document.get', options, async () => {
      const projection = this.projection === undefined ? {} : { projection: this.projection };
      const { documents, requestId } = await this.side.store.find({ ...this.selection(), ...projection });
      const [data] = documents;
      if (data === undefined && this.side.throwOnNotFound) throw new Fault(-1, this.missingText());
      return { data: data ?? null, requestId };
    });
  }

  /** Replaces the document, or creates it. */
  set(options: { data: object }) {
    return this.side.run('document.set', options, async () => {
      const data = dataOf(this.side, options);
      const encoded = encode(data, this.side.store.dialect) as JsonObject;
      const modification = { data: encoded, multi: false, merge: false };
      const { updated, upsertedId, requestId } = await this.side.store.modify(this.selection(), modification);
      return { _id: this._id, stats: { updated, created: upsertedId === undefined ? 0 : 1 }, requestId };
    });
  }

  /** Changes the fields given; a missing document is no error. */
  update(options: { data: object }) {
    return this.side.run('document.update', options, async () => {
      const encoded = encodeChange(this.side, dataOf(this.side, options));
      if (encoded === undefined) return { stats: { updated: 0 } };
      const modification = { data: encoded, multi: false, merge: true };
      const { updated, requestId } = await this.side.store.modify(this.selection(), modification);
      return { stats: { updated }, requestId };
    });
  }

  /** Removes the document. A client is told when there was none it may remove. */
  remove(options?: object) {
    return this.side.run('document.remove', options, async () => {
      const { removed, requestId } = await this.side.store.remove(this.selection(), false);
      if (removed === 0 && this.side.kind === 'client') {
        throw new Fault(
          -1,
          `cannot remove document with _id ${this._id}, please make sure that the document exists ` +
            'and you have the corresponding Write permission',
        );
      }
      return { stats: { removed }, requestId };
    });
  }

  /** Watches this one document. */
  watch(handlers: WatchHandlers): Watcher {
    const { where = {} } = this.selection();
    return startWatch(
      this.side,
      'document.watch',
      () => ({ collection: this.collectionName, where, order: [] }),
      handlers,
    );
  }

  private selection(): Selection {
    const where = { _id: encode(this._id, this.side.store.dialect) };
    return { collection: this.collectionName, single: true, where };
  }

  private missingText(): string {
    if (this.side.kind === 'server') return `document with _id ${this._id} does not exist`;
    return (
      `cannot find document with _id ${this._id}, please make sure that the document exists ` +
      'and you have the corresponding access permission'
    );
  }
}

function dataOf(side: Side, options: unknown): object {
  const { data } = (options ?? {}) as { data?: unknown };
  if (!isNestable(data)) throw badType('data', 'object', data);
  if (Object.keys(data).length === 0) throw badParameter('options.data must not be empty');
  checkNoId(side, data);
  return data;
}
