// Constructors of wx.cloud work with and without `new`.

/** A class that may also be called as a function. */
export interface Callable<A extends unknown[], T> {
  new (...args: A): T;
  (...args: A): T;
}

/** Makes a class callable without `new`; instanceof keeps working. */
export function callable<A extends unknown[], T extends object>(
  constructor: new (...args: A) => T,
): Callable<A, T> {
  function create(...args: A): T {
    return new constructor(...args);
  }
  create.prototype = constructor.prototype as object;
  return create as unknown as Callable<A, T>;
}
