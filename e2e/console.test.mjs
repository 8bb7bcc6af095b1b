// The console in a real browser against the real binary.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, watchPage } from "./browser.mjs";
import { startServer } from "./server.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** fill puts documents into a collection through the admin door. */
async function fill(collectionName, documents) {
  const { key } = await server.baas("key", "create", "--kind", "api");
  for (const body of [
    { action: "database.addCollection", collectionName },
    { action: "database.insertDocument", collectionName, data: documents.map((d) => JSON.stringify(d)) },
  ]) {
    const res = await fetch(`${server.url}/admin`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ envName: "dev", ...body }),
    });
    const reply = await res.json();
    assert.equal(reply.code, undefined, JSON.stringify(reply));
  }
}

test("set up, look at documents, call a function, sign out and in again", async () => {
  await fill(
    "notes",
    Array.from({ length: 23 }, (_, i) => ({ _id: `n${String(i).padStart(2, "0")}`, done: i % 2 === 0, text: "<b>bold</b>" })),
  );
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const complaints = watchPage(page);

  await page.goto(server.setupURL);
  await page.getByLabel("Name").fill("owner");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Create and sign in" }).click();
  assert.ok(!page.url().includes("token="), "the token stays out of the address");

  await page.getByRole("button", { name: /notes/ }).click();
  await page.getByText("1–20").waitFor();
  assert.equal(await page.getByText("<b>bold</b>").count(), 20, "stored markup is shown as text");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("21–23").waitFor();

  await page.getByRole("textbox", { name: "Query (JSON)" }).fill('{"_id": "n03"}');
  await page.getByRole("button", { name: "Query" }).click();
  await page.getByText("1–1").waitFor();
  await page.screenshot({ path: process.env.BAAS_SHOTS ? `${process.env.BAAS_SHOTS}/documents.png` : undefined });

  await page.getByRole("button", { name: "Functions", exact: true }).click();
  await page.getByRole("button", { name: /hello/ }).click();
  await page.getByRole("button", { name: "Call" }).click();
  await page.getByTestId("result").waitFor();
  await page.screenshot({ path: process.env.BAAS_SHOTS ? `${process.env.BAAS_SHOTS}/functions.png` : undefined });

  await page.getByRole("button", { name: /Sign out/ }).click();
  await page.getByLabel("Name").fill("owner");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: /notes/ }).waitFor();

  assert.deepEqual(complaints.filter((c) => !c.includes("401")), []);
  await context.close();
});

test("the set-up link works once", async () => {
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  await page.goto(server.setupURL);
  await page.getByLabel("Name").fill("intruder");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Create and sign in" }).click();
  await page.getByRole("alert").waitFor();
  await context.close();
});

test("the first screen speaks the reader's language", async () => {
  const context = await browser.newContext({ locale: "zh-CN" });
  const page = await context.newPage();
  await page.goto(`${server.url}/console/`);
  await page.getByRole("button", { name: "登录" }).waitFor();
  await page.screenshot({ path: process.env.BAAS_SHOTS ? `${process.env.BAAS_SHOTS}/login.png` : undefined });
  await context.close();
});
