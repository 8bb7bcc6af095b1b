// @cloudbase/node-sdk: admin rights; documents go in bare, a get by id answers a list of one.
// The oldest of the family, tcb-admin-node, answers errors as values.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { valueOf } from "./answer.mjs";

const require = createRequire(import.meta.url);

/**
 * openNodeSDK points the package at the server by its serviceUrl option, with
 * a key pair or, given `bearer`, with an API key.
 */
export function openNodeSDK({ packageName, bearer }, { url, env, pair, apiKey }) {
  const sdk = require(packageName);
  const options = { env, serviceUrl: `${url}/admin` };
  const app = sdk.init(bearer ? { ...options, accessKey: apiKey } : { ...options, ...pair });
  const wrong = bearer ? { accessKey: `${apiKey.slice(0, -2)}00` } : { ...pair, secretKey: "wrong" };
  const db = app.database();
  return {
    db,
    user: false,
    laterCommands: true,
    createCollection: (name) => db.createCollection(name),
    add: async (name, doc) => valueOf(await db.collection(name).add(doc)).id,
    addMany: async (name, docs) => (await db.collection(name).add(docs)).ids,
    getDoc: async (name, id) => (await db.collection(name).doc(id).get()).data[0],
    find: async (query) => (await query.get()).data,
    count: async (query) => (await query.count()).total,
    update: async (target, data) => (await target.update(data)).updated,
    set: async (target, data) => {
      const { updated, upsertedId } = await target.set(data);
      return { updated, created: upsertedId ? 1 : 0 };
    },
    remove: async (target) => (await target.remove()).deleted,
    aggregate: async (aggregate) => valueOf(await aggregate.end()).data,
    updateAndReturn: (name, condition, data) => db.collection(name).where(condition).updateAndReturn(data),
    within: {
      get: async (doc) => valueOf(await doc.get()).data,
      find: async (query) => (await query.get()).data,
      add: async (collection, data) => assert.equal((await collection.add(data)).inserted, 1),
      addMany: async (collection, data) => (await collection.add(data)).ids.length,
      update: async (doc, data) => (await doc.update(data)).updated,
      async set(doc, data) {
        const { updated, upserted } = valueOf(await doc.set(data));
        return { updated, upserted };
      },
      created: (id) => ({ updated: 0, upserted: [{ _id: id }] }),
      remove: async (doc) => (await doc.delete()).deleted,
      runs: 4, // its count of retries begins after the first run
    },
    call: async (name, data) => valueOf(await app.callFunction({ name, data })).result,
    upload: async (cloudPath, fileContent) => (await app.uploadFile({ cloudPath, fileContent })).fileID,
    tempURLs: async (fileList) =>
      (await app.getTempFileURL({ fileList })).fileList.map((f) => ({ url: f.tempFileURL, ok: f.code === "SUCCESS", code: f.code })),
    download: async (fileID) => (await app.downloadFile({ fileID })).fileContent,
    deleteFiles: async (fileList) =>
      (await app.deleteFile({ fileList })).fileList.map((f) => ({ ok: f.code === "SUCCESS", code: f.code })),
    withWrongSecret: (name) => sdk.init({ ...options, ...wrong }).database().collection(name).get(),
    failure: async (promise) => {
      try {
        return { answer: valueOf(await promise) };
      } catch (err) {
        return { code: err.code, text: err.message };
      }
    },
    codes: {
      collectionExists: "DATABASE_REQUEST_FAILED",
      collectionMissing: "DATABASE_COLLECTION_NOT_EXIST",
      duplicateID: "DATABASE_REQUEST_FAILED",
      functionMissing: "FUNCTION_NOT_FOUND",
      functionThrew: "FUNCTIONS_EXECUTE_FAIL",
      fileMissing: "STORAGE_FILE_NONEXIST",
      conflict: "DATABASE_TRANSACTION_CONFLICT",
      transactionOver: "DATABASE_TRANSACTION_FAIL",
      wrongSecret: bearer ? "CHECK_LOGIN_FAILED" : "SIGN_PARAM_INVALID",
    },
  };
}
