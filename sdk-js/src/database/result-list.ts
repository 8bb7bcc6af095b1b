// The result of a watch as the client keeps it: events in, snapshots out
// (wx-cloud-api.md 6.3, 6.4). No sockets here, no time.
//
// Snapshots share documents that did not change; an update makes a copy.

import { Fault } from '../errors';
import type { WireEvent } from '../protocol';
import { decode, put } from '../value';
import { compareValues, sortKey } from './compare';
import type { ChangeEvent, DataType, QueueType, Snapshot, WatchTarget } from './watch';

type Document = Record<string, unknown>;

const dataTypes: readonly string[] = [
  'init',
  'update',
  'replace',
  'add',
  'remove',
  'limit',
] satisfies DataType[];
const queueTypes: readonly string[] = ['init', 'update', 'enqueue', 'dequeue'] satisfies QueueType[];

/** The documents that match, in order. */
export class ResultList {
  private documents = new Map<string, Document>();

  constructor(private readonly order: WatchTarget['order']) {}

  /** The first result, or one that was sent anew. */
  reset(id: number, events: readonly WireEvent[]): Snapshot {
    this.documents = new Map();
    // An empty result is sent as a document that enters and leaves at once.
    const gone = new Set(events.filter(({ queueType }) => queueType === 'dequeue').map(({ docId }) => docId));
    const docChanges = events.filter(({ docId }) => !gone.has(docId)).map((event) => this.change(event));
    return { ...this.snapshot(id, docChanges), type: 'init' };
  }

  /** Applies the events of one number. Code: -402007 for events that make no sense. */
  apply(id: number, events: readonly WireEvent[]): Snapshot {
    if (events.some(({ dataType }) => dataType === 'init')) return this.reset(id, events);
    const docChanges = events.map((event) => this.change(event));
    return this.snapshot(id, docChanges);
  }

  private change(event: WireEvent): ChangeEvent {
    if (!dataTypes.includes(event.dataType) || !queueTypes.includes(event.queueType)) {
      throw invalid(event, `unknown kind ${event.dataType}/${event.queueType}`);
    }
    const dataType = event.dataType as DataType;
    const queueType = event.queueType as QueueType;
    const fields = dataType === 'update' ? fieldsOf(event) : undefined;
    const doc = this.documentAfter(event, queueType, fields);
    if (queueType === 'enqueue') this.documents.delete(event.docId); // it enters at the end
    if (queueType === 'dequeue') this.documents.delete(event.docId);
    else this.documents.set(event.docId, doc);
    return { id: event.id, dataType, queueType, docId: event.docId, doc, ...fields };
  }

  private documentAfter(event: WireEvent, queueType: QueueType, fields: Fields | undefined): Document {
    if (event.doc !== '') return parseDocument(event);
    const known = this.documents.get(event.docId);
    if (known === undefined) {
      if (queueType === 'dequeue') return { _id: event.docId };
      throw invalid(event, 'the document is neither known nor sent');
    }
    return fields === undefined || queueType !== 'update' ? known : changed(known, fields);
  }

  private snapshot(id: number, docChanges: ChangeEvent[]): Snapshot {
    const docs = Array.from(this.documents.values());
    if (this.order.length > 0) docs.sort((a, b) => this.compare(a, b));
    return { id, docs, docChanges };
  }

  private compare(a: Document, b: Document): number {
    for (const { field, direction } of this.order) {
      const order = compareValues(sortKey(a, field, direction), sortKey(b, field, direction));
      if (order !== 0) return direction === 'asc' ? order : -order;
    }
    return 0;
  }
}

interface Fields {
  updatedFields: Record<string, unknown>;
  removedFields: string[];
}

function fieldsOf(event: WireEvent): Fields {
  const updatedFields = decode(parse(event, event.updatedFields || '{}'));
  const removedFields = parse(event, event.removedFields || '[]');
  if (!isObject(updatedFields) || !Array.isArray(removedFields))
    throw invalid(event, 'its fields have no shape');
  return { updatedFields, removedFields: removedFields.map(String) };
}

function parseDocument(event: WireEvent): Document {
  const document = decode(parse(event, event.doc));
  if (!isObject(document)) throw invalid(event, 'its document is no object');
  return document;
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(event: WireEvent, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(event, 'it holds a text that is not JSON');
  }
}

function invalid(event: WireEvent, reason: string): Fault {
  return new Fault(-402007, `event ${event.id} of document ${event.docId}: ${reason}`);
}

/** A copy of a document with the fields of an update. */
function changed(document: Document, { updatedFields, removedFields }: Fields): Document {
  const copy = copyOf(document) as Document;
  for (const [path, value] of Object.entries(updatedFields)) setAt(copy, path.split('.'), value);
  for (const path of removedFields) removeAt(copy, path.split('.'));
  return copy;
}

/** Copies objects and lists; dates, Geo and the like are never changed in place. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = {};
  for (const [key, member] of Object.entries(value)) put(copy, key, copyOf(member));
  return copy;
}

function memberOf(container: object, key: string): unknown {
  return Object.prototype.hasOwnProperty.call(container, key) ? (container as Document)[key] : undefined;
}

function setAt(container: object, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    put(container, key, value);
    return;
  }
  const inner = memberOf(container, key);
  if (typeof inner === 'object' && inner !== null) {
    setAt(inner, rest, value);
    return;
  }
  const fresh = {};
  put(container, key, fresh);
  setAt(fresh, rest, value);
}

function removeAt(container: object, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length > 0) {
    const inner = memberOf(container, key);
    if (typeof inner === 'object' && inner !== null) removeAt(inner, rest);
    return;
  }
  if (Array.isArray(container)) put(container, key, null);
  else Reflect.deleteProperty(container, key);
}
