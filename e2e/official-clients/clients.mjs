// Which packages run, how each is pointed at the server, and where they differ by design.
import { fileURLToPath } from "node:url";
import { openBaasSDK } from "./clients/baas-sdk.mjs";
import { openJSSDK } from "./clients/js-sdk.mjs";
import { openNodeSDK } from "./clients/node-sdk.mjs";
import { openWxServerSDK } from "./clients/wx-server-sdk.mjs";

// The web build is no entry of the package's exports for Node, hence its file.
const webBuild = (folder) => fileURLToPath(new URL(`node_modules/${folder}/dist/index.cjs.js`, import.meta.url));

const wx = (packageName, codes) => (at) => openWxServerSDK({ packageName, codes }, at);
const node = (packageName, bearer = false) => (at) => openNodeSDK({ packageName, bearer }, at);
const js = (options, traits) => async (at) => ({ setKeeps: {}, ...(await openJSSDK(options, at)), ...traits });
const baas = (options) => (at) => openBaasSDK(options, at);

// In generation 3's gateway mode doc.set merges (tcb-wire-protocol.md 10).
const merges = { setKeeps: { a: 1 } };

/** openAdminNode: the commands of the old package, as in js-sdk; the old dialect takes one document at a time, and no conditions in transactions. */
async function openAdminNode(at) {
  const client = await node("tcb-admin-node")(at);
  const within = { ...client.within, find: undefined, addMany: insertOneByOne };
  return { ...client, addMany: undefined, updateAndReturn: undefined, laterCommands: false, within };
}

async function insertOneByOne(collection, docs) {
  let inserted = 0;
  for (const doc of docs) inserted += (await collection.add(doc)).inserted;
  return inserted;
}

/** clients, in the table's order; label is the column's two-line heading. */
export const clients = [
  {
    name: "wx-server-sdk 4.0.2",
    how: "TCB_CONTEXT_CNFG",
    // 4.x looks for the code in the wrong place of these calls' errors and says -1.
    open: wx("wx-server-sdk-4", {
      collectionExists: -1,
      functionMissing: -1,
      functionThrew: -1,
      aggregateMissing: -1,
      aggregateFailed: -1,
    }),
  },
  {
    name: "wx-server-sdk 2.6.3",
    how: "TCB_CONTEXT_CNFG",
    open: wx("wx-server-sdk-2", { collectionExists: -502001, functionMissing: -501001, functionThrew: -504002 }),
  },
  { name: "node-sdk 3.18.3", how: "key pair", open: node("cloudbase-node-sdk-3") },
  { name: "node-sdk 2.11.0", how: "key pair", open: node("cloudbase-node-sdk-2") },
  { name: "node-sdk 3.18.3", how: "accessKey", open: node("cloudbase-node-sdk-3", true) },
  {
    name: "js-sdk 3.7.0",
    how: "Node build",
    open: js(
      { file: "cloudbase-js-sdk-3", generation: 3, web: false, codes: { functionThrew: "FUNCTION_INVOCATION_FAILED" } },
      // The Node build looks for an add's id only, and drops what the server answered instead;
      // of a commit it looks at nothing.
      { ...merges, hidesRefusedAdd: true, hidesRefusedCommit: true },
    ),
  },
  {
    name: "js-sdk 3.7.0",
    how: "web build",
    open: js(
      {
        file: webBuild("cloudbase-js-sdk-3"),
        generation: 3,
        web: true,
        codes: { functionThrew: "FUNCTION_INVOCATION_FAILED", duplicateID: "DATABASE_DUPLICATE_WRITE" },
      },
      merges,
    ),
  },
  {
    name: "js-sdk 1.7.2",
    how: "web build",
    open: js({
      file: "cloudbase-js-sdk-1",
      generation: 1,
      web: true,
      codes: { duplicateID: "DATABASE_REQUEST_FAILED", functionMissing: "OPERATION_FAIL", functionThrew: "OPERATION_FAIL" },
    }),
  },
  // The first server SDK, and what wx-server-sdk 1.x is made of: the old dialect, signed the old way.
  { name: "tcb-admin-node 1.23.0", how: "key pair", open: openAdminNode },
  // Our own, for comparison.
  { name: "baas-sdk", how: "user", open: baas({ admin: false }) },
  { name: "baas-sdk", how: "API key", open: baas({ admin: true }) },
];
