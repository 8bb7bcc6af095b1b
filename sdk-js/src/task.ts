// UploadTask and DownloadTask: what callback style returns for a transfer
// (wx-cloud-api.md 1.10, 1.11).

import type { TransferControl } from './platform/platform';

/** Progress of an upload. */
export interface UploadProgress {
  progress: number;
  totalBytesSent: number;
  totalBytesExpectedToSend: number;
}

/** Progress of a download. */
export interface DownloadProgress {
  progress: number;
  totalBytesWritten: number;
  totalBytesExpectedToWrite: number;
}

/** Headers of the answer. */
export interface HeadersReceived {
  header: Record<string, string>;
}

/** A transfer under way; P is its kind of progress. */
export class TransferTask<P> implements TransferControl {
  private readonly progressListeners = new Set<(progress: P) => void>();
  private readonly headersListeners = new Set<(headers: HeadersReceived) => void>();
  private stop: (() => void) | undefined;
  private aborted = false;

  constructor(private readonly shape: (percent: number, done: number, total: number) => P) {}

  /** Cancels; the call then fails with `abort`. */
  abort(): void {
    this.aborted = true;
    this.stop?.();
  }
  onProgressUpdate(listener: (progress: P) => void): void {
    this.progressListeners.add(listener);
  }
  offProgressUpdate(listener: (progress: P) => void): void {
    this.progressListeners.delete(listener);
  }
  onHeadersReceived(listener: (headers: HeadersReceived) => void): void {
    this.headersListeners.add(listener);
  }
  offHeadersReceived(listener: (headers: HeadersReceived) => void): void {
    this.headersListeners.delete(listener);
  }

  /** Throws when the task was cancelled before there was anything to stop. */
  checkpoint(): void {
    if (this.aborted) throw new Error('abort');
  }

  progress(done: number, total: number): void {
    const percent = total > 0 ? Math.min(100, Math.round((done / total) * 100)) : 0;
    for (const listener of this.progressListeners) listener(this.shape(percent, done, total));
  }
  headers(header: Record<string, string>): void {
    for (const listener of this.headersListeners) listener({ header });
  }
  onAbort(stop: () => void): void {
    this.stop = stop;
    if (this.aborted) stop();
  }
}

/** The task of an upload. */
export function uploadTask(): TransferTask<UploadProgress> {
  return new TransferTask((progress, done, total) => ({
    progress,
    totalBytesSent: done,
    totalBytesExpectedToSend: total,
  }));
}

/** The task of a download. */
export function downloadTask(): TransferTask<DownloadProgress> {
  return new TransferTask((progress, done, total) => ({
    progress,
    totalBytesWritten: done,
    totalBytesExpectedToWrite: total,
  }));
}
