// @cloudbase/js-sdk 3 in Node, in its default mode: the gateway (/v1, /auth/v1),
// with /web for the watch signature.
import { createRequire } from 'node:module';
import { adapt } from './js-sdk.mjs';

export async function connect(module, { url, env }) {
  const cloudbase = createRequire(import.meta.url)(module);
  const app = (cloudbase.default ?? cloudbase).init({ env });
  app.registerHost(new URL(url).host, 'http');
  await app.auth().signInAnonymously({});
  return adapt(app, {
    upload: async (cloudPath, bytes) => (await app.uploadFile({ cloudPath, filePath: bytes })).fileID,
    download: async (fileID) => (await app.downloadFile({ fileID })).fileContent,
  });
}
