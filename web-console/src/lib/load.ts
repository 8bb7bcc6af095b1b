// One state machine for everything a view loads, so that each view draws all
// its states: loading, failed, forbidden, ready (empty is a kind of ready).
import { shallowRef, type ShallowRef } from "vue";
import { ApiError } from "./api";

export type Load<T> =
  | { state: "idle" }
  | { state: "loading" }
  | { state: "ready"; value: T }
  | { state: "forbidden" }
  | { state: "failed"; message: string };

export interface Loader<T, A extends unknown[]> {
  current: ShallowRef<Load<T>>;
  run: (...args: A) => Promise<void>;
}

/** useLoad keeps the newest call's outcome: an older, slower one is dropped. */
export function useLoad<T, A extends unknown[]>(fetcher: (...args: A) => Promise<T>): Loader<T, A> {
  const current = shallowRef<Load<T>>({ state: "idle" });
  let newest = 0;
  async function run(...args: A): Promise<void> {
    const mine = ++newest;
    current.value = { state: "loading" };
    const outcome = await settle(fetcher(...args));
    if (mine === newest) current.value = outcome;
  }
  return { current, run };
}

async function settle<T>(work: Promise<T>): Promise<Load<T>> {
  try {
    return { state: "ready", value: await work };
  } catch (err) {
    if (err instanceof ApiError && err.status === 403) return { state: "forbidden" };
    return { state: "failed", message: err instanceof Error ? err.message : String(err) };
  }
}
