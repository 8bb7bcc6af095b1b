// Files of a client: ask for a signed address, then move the bytes
// (tcb-wire-protocol.md 8).

import { Fault, serverFault } from './errors';
import { checkCloudPath, oneFileURL } from './items';
import type { Downloaded, Platform } from './platform/platform';
import type { Act, UploadData } from './protocol';
import type { DownloadProgress, TransferTask, UploadProgress } from './task';

/** What uploadFile is given. */
export interface UploadSpec {
  cloudPath: unknown;
  /** Path, File, Blob or bytes. */
  source: unknown;
  header?: Record<string, string>;
}

/** Uploads a file. Codes: -401002, -401003, -403002, -503001 and those of the server. */
export async function uploadFile(
  platform: Platform,
  act: Act,
  { cloudPath, source, header = {} }: UploadSpec,
  task: TransferTask<UploadProgress>,
): Promise<{ fileID: string; statusCode: number }> {
  const path = checkCloudPath(cloudPath);
  if (source === undefined || source === null || source === '')
    throw new Fault(-401002, 'filePath must be provided');
  const ticket = ((await act('storage.getUploadMetadata', { path })).data ?? {}) as UploadData;
  const { url, fileId, token = '', authorization = '', cosFileId = '' } = ticket;
  if (!url || !fileId) throw new Fault(-403002, path);
  task.checkpoint();
  // The address carries the right to upload; forms also name it in fields,
  // because that is how the original's storage takes them.
  const form = {
    key: path,
    signature: authorization,
    'x-cos-meta-fileid': cosFileId,
    'x-cos-security-token': token,
  };
  const answer = await platform.upload({ url, source, form, headers: header }, task);
  if (answer.status < 200 || answer.status > 299) throw uploadFault(answer.status, answer.text);
  return { fileID: fileId, statusCode: answer.status };
}

/** Uploads are refused in XML, whose code may be one of ours. */
function uploadFault(status: number, text: string): Fault {
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  const message =
    /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? `the upload was answered with status ${status}`;
  return serverFault(code !== undefined && /^[A-Z_]+$/.test(code) ? code : 'STORAGE_REQUEST_FAIL', message);
}

/** Downloads a file to a local place. Codes: -503002, -503003, -403003, -503001. */
export async function downloadFile(
  platform: Platform,
  act: Act,
  fileID: unknown,
  task: TransferTask<DownloadProgress>,
): Promise<{ tempFilePath: string; statusCode: number }> {
  const url = await oneFileURL(act, fileID);
  task.checkpoint();
  const name = String(fileID).replace(/^.*\//, '');
  const { status, tempFilePath }: Downloaded = await platform.download({ url: escapeOnce(url), name }, task);
  if (status !== 200) throw new Fault(-503001, `the download was answered with status ${status}`);
  return { tempFilePath, statusCode: status };
}

/** Addresses may hold characters as they are, or escaped; none must be escaped twice. */
function escapeOnce(url: string): string {
  return url.replace(/[^\x21-\x7e]+/gu, encodeURIComponent);
}
