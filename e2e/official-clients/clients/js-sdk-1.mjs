// @cloudbase/js-sdk 1 over /web. It is made for browsers: jsdom plays one.
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';
import { adapt } from './js-sdk.mjs';

const emulated = ['window', 'document', 'location', 'localStorage', 'sessionStorage', 'XMLHttpRequest', 'FormData', 'File', 'Blob', 'WebSocket'];

export async function connect(module, { url, env }) {
  const { window } = new JSDOM('<!doctype html>', { url: `${url}/` });
  for (const name of emulated) Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  const cloudbase = createRequire(import.meta.url)(module);
  const app = (cloudbase.default ?? cloudbase).init({ env });
  app.registerEndPoint(`${url.replace(/^http:/, '')}/web`, 'http:');
  await app.auth({ persistence: 'local' }).anonymousAuthProvider().signIn();
  return adapt(app, {
    upload: async (cloudPath, bytes) =>
      (await app.uploadFile({ cloudPath, filePath: new window.File([bytes], 'a.txt') })).fileID,
    download: (fileID) => download(app, window, fileID),
  });
}

/** In a browser downloadFile saves: it clicks a link to the bytes. Here the link is caught. */
async function download(app, window, fileID) {
  let saved;
  window.URL.createObjectURL = globalThis.URL.createObjectURL = (blob) => {
    saved = blob;
    return 'blob:saved';
  };
  window.URL.revokeObjectURL = globalThis.URL.revokeObjectURL = () => {};
  window.HTMLAnchorElement.prototype.click = () => {};
  await app.downloadFile({ fileID });
  return new Promise((resolve, reject) => {
    const reader = new window.FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsArrayBuffer(saved);
  });
}
