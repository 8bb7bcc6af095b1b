// db.RegExp: a regular expression with flags that JavaScript may not know.

import { badType } from '../errors';

/** Argument of db.RegExp. */
export interface RegExpOptions {
  regexp: string;
  /** Any of i, m, s, x. */
  options?: string;
}

/** A regular expression for conditions (wx-cloud-api.md 3.8). */
export class DbRegExp {
  readonly regexp: string;
  readonly options: string;

  constructor(spec: RegExpOptions) {
    const { regexp, options = '' } = spec as { regexp: unknown; options?: unknown };
    if (typeof regexp !== 'string') throw badType('regexp', 'string', regexp);
    if (typeof options !== 'string') throw badType('options', 'string', options);
    this.regexp = regexp;
    this.options = options;
  }
}
