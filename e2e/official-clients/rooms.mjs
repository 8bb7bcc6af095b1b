// Steps about functions, files, the shape of errors and other users.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const functionSteps = [
  {
    name: "call a function",
    async run({ client, env }) {
      assert.deepEqual(await client.call("hello", { name: "世界" }), { message: "hello, 世界", env, openid: null });
      assert.equal((await client.call("hello", {})).message, "hello, world");
    },
  },
];

export const fileSteps = [
  {
    name: "upload a buffer",
    async run(ctx) {
      const { client, env, folder } = ctx;
      ctx.bytes = randomBytes(70_000);
      ctx.fileID = await client.upload(`${folder}/文件 ü+&%20'=.bin`, ctx.bytes);
      assert.match(ctx.fileID, new RegExp(`^cloud://${env}\\.[\\w-]+/${folder}/文件 ü\\+&%20'=\\.bin$`));
    },
  },
  {
    name: "upload a stream",
    for: (client) => client.streams !== false,
    async run(ctx) {
      const { client, folder } = ctx;
      const dir = await mkdtemp(join(tmpdir(), "baas-official-"));
      try {
        const content = randomBytes(300_000);
        await writeFile(join(dir, "source.bin"), content);
        const id = await client.upload(`${folder}/stream.bin`, createReadStream(join(dir, "source.bin")));
        assert.ok(content.equals(await client.download(id)), "the streamed bytes come back");
        assert.deepEqual(await client.deleteFiles([id]), [{ ok: true, code: okCode(client) }]);
      } finally {
        await rm(dir, { recursive: true });
      }
    },
  },
  {
    name: "temporary URL",
    async run({ client, fileID, bytes }) {
      const [file] = await client.tempURLs([fileID]);
      assert.ok(file.ok, `code ${file.code}`);
      const res = await fetch(file.url);
      assert.equal(res.status, 200);
      assert.ok(bytes.equals(Buffer.from(await res.arrayBuffer())), "the URL gives the bytes to anyone");
    },
  },
  {
    name: "download",
    async run({ client, fileID, bytes }) {
      assert.ok(bytes.equals(await client.download(fileID)), "the bytes come back");
    },
  },
  {
    name: "overwrite a file",
    async run(ctx) {
      const { client, folder } = ctx;
      const again = await client.upload(`${folder}/文件 ü+&%20'=.bin`, Buffer.from("second"));
      assert.equal(again, ctx.fileID);
      assert.equal(String(await client.download(again)), "second");
    },
  },
  {
    name: "delete a file",
    async run({ client, fileID }) {
      assert.deepEqual(await client.deleteFiles([fileID]), [{ ok: true, code: okCode(client) }]);
      const [file] = await client.tempURLs([fileID]);
      assert.deepEqual(file.ok, false);
      assert.equal(file.code, client.codes.fileMissing);
    },
  },
];

/** okCode is what the client calls success of one file. */
function okCode(client) {
  return typeof client.codes.fileMissing === "number" ? 0 : "SUCCESS";
}

export const errorSteps = [
  {
    name: "error: no such collection",
    async run({ client, missing }) {
      const { db } = client;
      const read = await client.failure(db.collection(missing).where({ a: 1 }).get());
      assert.equal(read.code, client.codes.collectionMissing, read.text);
      assert.match(read.text, new RegExp(missing));
      const added = await client.failure(client.add(missing, { a: 1 }));
      refusedAdd(client, added, client.codes.collectionMissing);
    },
  },
  {
    name: "error: no such function",
    async run({ client }) {
      const failed = await client.failure(client.call("no-such-function", {}));
      assert.equal(failed.code, client.codes.functionMissing, failed.text);
      assert.match(failed.text, /no-such-function/);
    },
  },
  {
    name: "error: function threw",
    async run({ client }) {
      const failed = await client.failure(client.call("fails", {}));
      assert.equal(failed.code, client.codes.functionThrew, failed.text);
      assert.match(failed.text, /wanted to fail/);
    },
  },
  {
    name: "error: duplicate _id",
    async run({ client, main }) {
      const again = await client.failure(client.add(main, { _id: "chosen", n: 99 }));
      refusedAdd(client, again, client.codes.duplicateID, /E11000 duplicate key/);
      assert.equal((await client.getDoc(main, "chosen")).n, 2);
    },
  },
  {
    name: "error: wrong secret",
    for: (client) => client.withWrongSecret !== undefined,
    async run({ client, main }) {
      const failed = await client.failure(client.withWrongSecret(main));
      assert.equal(failed.code, client.codes.wrongSecret, failed.text);
      assert.ok(await client.getDoc(main, "chosen"), "the right one still works");
    },
  },
];

/** refusedAdd checks a refused add; some builds answer one with neither id nor error. */
function refusedAdd(client, result, code, text = /./) {
  if (client.hidesRefusedAdd) return assert.deepEqual(result, { answer: undefined });
  assert.equal(result.code, code, result.text);
  assert.match(result.text, text);
}

export const userSteps = [
  {
    name: "others' documents invisible",
    for: (client) => client.user,
    async run({ client, admin, main, uid, visit }) {
      const { db } = client;
      const visitor = await visit(main, "chosen");
      assert.notEqual(visitor.uid, uid);
      assert.deepEqual(visitor.saw, { doc: null, found: 0, counted: 0, updated: 0, removed: 0 });
      const [theirs] = await admin.find(main, { _id: visitor.added });
      assert.equal(theirs._openid, visitor.uid);
      assert.equal(await client.getDoc(main, visitor.added), undefined);
      assert.deepEqual(await client.find(db.collection(main).where({ visitor: true })), []);
      assert.equal(await client.count(db.collection(main).where({ visitor: true })), 0);
      assert.equal(await client.update(db.collection(main).doc(visitor.added), { taken: true }), 0);
      assert.equal(await client.remove(db.collection(main).where({ visitor: true })), 0);
      assert.equal((await client.getDoc(main, "chosen")).n, 2);
    },
  },
];

/** visitAs is what another user does to the first one's documents; runs in its own process. */
export async function visitAs(client, main, theirs) {
  const { db } = client;
  const uid = await client.signIn(main);
  const added = await client.add(main, { visitor: true });
  const foreign = db.collection(main).where({ visitor: db.command.exists(false) });
  return {
    uid,
    added,
    saw: {
      doc: (await client.getDoc(main, theirs)) ?? null,
      found: (await client.find(foreign)).length,
      counted: await client.count(foreign),
      updated: await client.update(db.collection(main).doc(theirs), { n: -1 }),
      removed: await client.remove(db.collection(main).where({ n: 2 })),
    },
  };
}
