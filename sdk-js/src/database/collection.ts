// CollectionReference: a collection, where every chain of calls begins.

import { given } from '../calls';
import { Fault, badType } from '../errors';
import { encode, type JsonObject } from '../value';
import { Aggregate } from './aggregate';
import { atOnce } from './builder';
import { DocumentReference, type DocumentId } from './document';
import { Query } from './query';
import { isNestable } from './query-encoder';
import type { Side } from './side';

/** A collection: the query of all its documents, and the way to single ones. */
export class CollectionReference extends Query {
  doc(id: DocumentId): DocumentReference {
    return atOnce('collection.doc', () => {
      const given: unknown = id;
      if (given === undefined || given === null || given === '')
        throw new Fault(-1, 'docId must not be empty');
      if (typeof given !== 'string' && typeof given !== 'number')
        throw badType('docId', 'string or number', given);
      return new DocumentReference(this.side, this.collectionName, given);
    });
  }

  /** Begins an aggregation; `end()` runs it. */
  aggregate(): Aggregate {
    return new Aggregate(this.side, this.collectionName);
  }

  /** Adds a document; on the server also a list of them, which yields `_ids`. */
  add(options: { data: object }) {
    return this.side.run('collection.add', options, async (): Promise<AddResult> => {
      const { data }: { data?: unknown } = given(options);
      const { store } = this.side;
      if (Array.isArray(data) && this.side.kind === 'server') {
        if (!data.every(isNestable)) throw badType('data', 'array of objects', data);
        const list = encode(data, store.dialect) as JsonObject[];
        const { ids, requestId } = await store.insert(this.collectionName, list);
        return { _ids: ids, requestId };
      }
      if (!isNestable(data)) throw badType('data', 'object', data);
      const document = encode(data, store.dialect) as JsonObject;
      const { ids, requestId } = await store.insert(this.collectionName, document);
      return { _id: ids[0], requestId };
    });
  }
}

/** Result of add: the id, or the ids of a list. */
export interface AddResult {
  _id?: unknown;
  _ids?: unknown[];
  requestId: string;
}

/** The collection of that name; throws when there is no name. */
export function collectionOf(side: Side, name: string): CollectionReference {
  return atOnce('database.collection', () => {
    const given: unknown = name;
    if (typeof given !== 'string' || given === '')
      throw new Fault(-401003, 'collectionName must be provided');
    return new CollectionReference(side, given);
  });
}
