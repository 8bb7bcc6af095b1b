// The browser that js-sdk's web builds expect, emulated: their globals come
// from jsdom, whose XMLHttpRequest asks for cross-origin permission as
// browsers do. The page's origin is not the server's.
import { JSDOM, VirtualConsole } from "jsdom";

const taken = ["document", "location", "navigator", "localStorage", "sessionStorage", "XMLHttpRequest"];
const replaced = ["FormData", "Blob", "File", "WebSocket"];

/**
 * installDOM makes this process look like a page. It returns the blobs that
 * the page offered as downloads, which is where js-sdk leaves a downloaded file.
 */
export function installDOM() {
  const { window } = new JSDOM("<!doctype html><title>app</title>", {
    url: "http://app.localhost/",
    virtualConsole: new VirtualConsole(),
  });
  const offered = [];
  window.URL.createObjectURL = (blob) => {
    offered.push(blob);
    return `blob:http://app.localhost/${offered.length}`;
  };
  window.URL.revokeObjectURL = () => {};
  for (const name of [...taken, ...replaced]) {
    Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  }
  globalThis.window = window;
  return { window, offered };
}

/** bytesOf reads a jsdom Blob. */
export function bytesOf(window, blob) {
  return new Promise((resolve, reject) => {
    const reader = new window.FileReader();
    reader.onload = () => resolve(Buffer.from(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}
