// The calling convention of wx.cloud (wx-cloud-api.md 1.4): callbacks when the
// options hold one of success, fail and complete, a promise otherwise.

import { toCloudError, type Wording } from './errors';

/** The three callbacks of a WeChat API. */
export interface Callbacks<R> {
  success?: (result: R) => void;
  fail?: (error: unknown) => void;
  complete?: (resultOrError: unknown) => void;
}

/** A result as applications see it. */
export type WithErrMsg<R> = R & { errMsg: string };

/** Name of an API in texts, and how it words failures. */
export interface ApiName {
  /** In `errMsg`, such as `cloud.callFunction` or `document.get`. */
  name: string;
  wording?: Wording;
}

/** Takes what user callbacks throw: it must not turn success into failure. */
export type Report = (error: unknown) => void;

/** Reports whether a call is in callback style. */
export function inCallbackStyle(options: unknown): options is Callbacks<unknown> {
  if (typeof options !== 'object' || options === null) return false;
  const { success, fail, complete } = options as Callbacks<unknown>;
  return [success, fail, complete].some((callback) => typeof callback === 'function');
}

/** Runs an API as a promise: adds `errMsg` to its result, its name to its failure. */
export async function settle<R extends object>(api: ApiName, run: () => Promise<R>): Promise<WithErrMsg<R>> {
  try {
    const result = await run();
    return { ...result, errMsg: `${api.name}:ok` };
  } catch (cause) {
    throw toCloudError(api.name, cause, api.wording);
  }
}

/**
 * Runs an API in the caller's style. Callback style returns undefined; errors
 * of callbacks go to report.
 */
export function call<R extends object>(
  api: ApiName,
  options: unknown,
  report: Report,
  run: () => Promise<R>,
): Promise<WithErrMsg<R>> | undefined {
  const promise = settle(api, run);
  if (!inCallbackStyle(options)) return promise;
  const { success, fail, complete } = options;
  const notify = (callbacks: (((value: unknown) => void) | undefined)[], value: unknown): void => {
    for (const callback of callbacks) {
      if (typeof callback !== 'function') continue;
      try {
        callback(value);
      } catch (error) {
        report(error);
      }
    }
  };
  promise.then(
    (result) => {
      notify([success, complete], result);
    },
    (error: unknown) => {
      notify([fail, complete], error);
    },
  );
  return undefined;
}

/** The options of a call whose caller may have left out anything. */
export function given<T extends object>(options: T | null | undefined): Partial<T> {
  return typeof options === 'object' && options !== null ? options : {};
}
