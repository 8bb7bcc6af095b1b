// db.serverDate: a marker that the server replaces by its own time.

import { badType } from '../errors';

/** Argument of db.serverDate. */
export interface ServerDateOptions {
  /** Milliseconds added to the server's time. */
  offset?: number;
}

/** The server's time at the moment of the operation (wx-cloud-api.md 3.8). */
export class ServerDate {
  readonly options: { readonly offset: number };

  constructor(options: ServerDateOptions = {}) {
    const offset: unknown = options.offset ?? 0;
    if (typeof offset !== 'number' || !Number.isFinite(offset)) throw badType('offset', 'number', offset);
    this.options = { offset };
  }
}
