// What an application sees of a watch (wx-cloud-api.md 6). How it is kept
// alive is the business of transport/.

import type { JsonObject } from '../value';

/** Callbacks of a watch; both are required. */
export interface WatchHandlers {
  onChange: (snapshot: Snapshot) => void;
  onError: (error: unknown) => void;
}

/** What is watched. */
export interface WatchTarget {
  collection: string;
  /** Encoded condition. */
  where: JsonObject;
  order: readonly { field: string; direction: 'asc' | 'desc' }[];
  limit?: number;
}

/** A running watch. */
export interface Watcher {
  /** Ends the watch. Afterwards there are no callbacks; calling it twice is harmless. */
  close(): Promise<void>;
}

export type DataType = 'init' | 'update' | 'replace' | 'add' | 'remove' | 'limit';
export type QueueType = 'init' | 'update' | 'enqueue' | 'dequeue';

/** One change of one document. */
export interface ChangeEvent {
  id: number;
  dataType: DataType;
  queueType: QueueType;
  docId: string;
  doc: Record<string, unknown>;
  updatedFields?: Record<string, unknown>;
  removedFields?: string[];
}

/** The result after an event, and what the event changed. */
export interface Snapshot {
  id: number;
  docs: Record<string, unknown>[];
  docChanges: ChangeEvent[];
  /** Only when the whole result was sent anew. */
  type?: 'init';
}
