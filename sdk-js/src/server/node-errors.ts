// Errors in the shape of `@cloudbase/node-sdk`: an Error with `code`,
// `message` and `requestId`.

import { CloudError, Fault, messageOf } from '../errors';

/** What node-sdk throws. */
export class TcbError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly requestId: string,
  ) {
    super(message);
  }
}

/** Runs a call; every failure becomes a TcbError. */
export async function coded<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    throw toTcbError(cause);
  }
}

function toTcbError(cause: unknown): unknown {
  if (cause instanceof Fault) {
    const fallback = cause.errCode === -1 ? 'SYS_ERR' : 'INVALID_PARAM';
    return new TcbError(cause.code ?? fallback, cause.message, cause.requestID ?? '');
  }
  if (cause instanceof CloudError || cause instanceof TcbError) return cause;
  return new TcbError('SYS_ERR', messageOf(cause), '');
}
