// @cloudbase/js-sdk: the rights of the anonymous user it signs in; answers errors
// as values or by rejecting, depending on generation, build and method.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { valueOf } from "./answer.mjs";
import { bytesOf, installDOM } from "../dom.mjs";

const require = createRequire(import.meta.url);

/**
 * openJSSDK points the package at the server: generation 3 by registerHost,
 * generation 1 by registerEndPoint. Web builds get a DOM first.
 */
export async function openJSSDK({ file, generation, web, codes }, { url, env }) {
  const dom = web ? installDOM() : undefined;
  const sdk = require(file);
  const app = sdk.init({ env });
  const { host } = new URL(url);
  if (generation === 3) app.registerHost(host, "http");
  else sdk.registerEndPoint(`//${host}/web`, "http:");
  const db = app.database();
  return {
    db,
    user: true,
    async signIn() {
      const auth = app.auth({ persistence: "local" });
      if (generation === 3) await auth.signInAnonymously();
      else await auth.anonymousAuthProvider().signIn();
      const state = await auth.getLoginState();
      return state.user.uid;
    },
    createCollection: (name) => db.createCollection(name),
    add: async (name, doc) => valueOf(await db.collection(name).add(doc)).id,
    getDoc: async (name, id) => valueOf(await db.collection(name).doc(id).get()).data[0],
    find: async (query) => valueOf(await query.get()).data,
    count: async (query) => valueOf(await query.count()).total,
    update: async (target, data) => valueOf(await target.update(data)).updated,
    set: async (target, data) => {
      const { updated, upsertedId } = valueOf(await target.set(data));
      return { updated, created: upsertedId ? 1 : 0 };
    },
    remove: async (target) => valueOf(await target.remove()).deleted,
    aggregate: async (aggregate) => valueOf(await aggregate.end()).data,
    within: {
      // Generation 3 wraps the one document into a list of its own, and fails without one.
      async get(doc) {
        try {
          const { data } = await doc.get();
          return generation === 3 && data?.list ? data.list[0] : data;
        } catch (err) {
          if (err.code === "DOCUMENT_NOT_FOUND") return null;
          throw err;
        }
      },
      add: async (collection, data) => assert.equal((await collection.add(data)).inserted, 1),
      update: async (doc, data) => (await doc.update(data)).updated,
      async set(doc, data) {
        const { updated, upserted } = await doc.set(data);
        return { updated, upserted };
      },
      // Generation 3 looks for the new id where the gateway does not answer it.
      created: (id) => ({ updated: 0, upserted: generation === 3 ? null : [{ _id: id }] }),
      remove: async (doc) => (await doc.delete()).deleted,
      // Generation 3 decodes a date before it sends it, so that a text arrives.
      date: generation === 3 ? "1970-01-01T00:00:00.005Z" : undefined,
      runs: 4, // its count of retries begins after the first run
    },
    call: async (name, data) => valueOf(await app.callFunction({ name, data })).result,
    async upload(cloudPath, content) {
      const filePath = web ? new dom.window.File([content], "upload.bin") : content;
      return valueOf(await app.uploadFile({ cloudPath, filePath })).fileID;
    },
    streams: !web,
    tempURLs: async (fileList) =>
      valueOf(await app.getTempFileURL({ fileList })).fileList.map((f) => ({ url: f.tempFileURL, ok: f.code === "SUCCESS", code: f.code })),
    async download(fileID) {
      const { fileContent } = valueOf(await app.downloadFile({ fileID }));
      return web ? bytesOf(dom.window, dom.offered.at(-1)) : fileContent;
    },
    deleteFiles: async (fileList) =>
      valueOf(await app.deleteFile({ fileList })).fileList.map((f) => ({ ok: f.code === "SUCCESS", code: f.code })),
    failure: async (promise) => {
      try {
        return { answer: valueOf(await promise) };
      } catch (err) {
        return causeOf(err);
      }
    },
    codes: {
      createDenied: "DATABASE_PERMISSION_DENIED",
      collectionMissing: "DATABASE_COLLECTION_NOT_EXIST",
      functionMissing: "FUNCTION_NOT_FOUND",
      fileMissing: "STORAGE_FILE_NONEXIST",
      aggregateFailed: "DATABASE_REQUEST_FAILED",
      conflict: "DATABASE_TRANSACTION_CONFLICT",
      transactionOver: "DATABASE_TRANSACTION_FAIL",
      ...codes,
    },
  };
}

/** causeOf reads an SDK's exception; generation 1 puts code and text as JSON into the message. */
function causeOf(err) {
  if (err.code !== undefined) return { code: err.code, text: err.message };
  const { code, msg } = JSON.parse(err.message);
  return { code, text: msg };
}
