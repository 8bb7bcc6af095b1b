// One client in its own process: runs the scenario against the server it is told
// of and reports each step to its parent. As a visitor it is only another user.
import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newAdmin } from "./admin.mjs";
import { clients } from "./clients.mjs";
import { startProxy } from "./proxy.mjs";
import { visitAs } from "./rooms.mjs";
import { steps } from "./scenario.mjs";

// What a client remembers between runs belongs to this process alone.
process.env.XDG_STATE_HOME = await mkdtemp(join(tmpdir(), "baas-client-"));
process.once("exit", () => rmSync(process.env.XDG_STATE_HOME, { recursive: true, force: true }));

const stepTimeoutMs = 30_000;

/** visitor returns ctx.visit: another user of the same client, in a process of its own. */
function visitor(index, at) {
  return async (collection, theirs) => {
    const child = fork(fileURLToPath(import.meta.url), { silent: true });
    try {
      const signal = AbortSignal.timeout(stepTimeoutMs);
      const ended = once(child, "exit", { signal });
      child.send({ index, at, visit: { collection, theirs } });
      const [[{ visited, error }]] = await Promise.all([once(child, "message", { signal }), ended]);
      if (error) throw new Error(`the other user: ${error}`);
      return visited;
    } finally {
      child.kill(); // only one that hangs is still there
    }
  };
}

/** within fails a step that never ends; an SDK's unhandled rejection fails it too. */
function within(promise, ms) {
  let stop;
  const guard = new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`not done in ${ms} ms`)), ms);
    process.on("unhandledRejection", reject);
    stop = () => {
      clearTimeout(timer);
      process.off("unhandledRejection", reject);
    };
  });
  return Promise.race([promise, guard]).finally(stop);
}

function describe(err) {
  const text = err instanceof Error ? `${err.message}` : JSON.stringify(err);
  const code = err?.code ?? err?.errCode;
  return code === undefined || code === "ERR_ASSERTION" ? text : `${code}: ${text}`;
}

async function runScenario(index, at) {
  const proxy = await startProxy(at.url);
  const near = { ...at, url: proxy.url };
  const client = await clients[index].open(near);
  const ctx = {
    client,
    proxy,
    env: at.env,
    admin: newAdmin(at),
    visit: visitor(index, at),
    uid: undefined,
    main: `main_${at.run}_${index}`,
    queries: `queries_${at.run}_${index}`,
    watched: `watched_${at.run}_${index}`,
    missing: `missing_${at.run}_${index}`,
    commands: `commands_${at.run}_${index}`,
    places: `places_${at.run}_${index}`,
    orders: `orders_${at.run}_${index}`,
    buyers: `buyers_${at.run}_${index}`,
    accounts: `accounts_${at.run}_${index}`,
    folder: `official/${at.run}/${index}`,
  };
  for (const step of steps) {
    if (step.for && !step.for(client)) {
      process.send({ step: step.name, result: "none" });
      continue;
    }
    try {
      await within(step.run(ctx), step.timeoutMs ?? stepTimeoutMs);
      process.send({ step: step.name, result: "passed" });
    } catch (err) {
      process.send({ step: step.name, result: "failed", error: describe(err) });
    }
  }
  await proxy.close();
}

process.once("message", async ({ index, at, visit }) => {
  let code = 0;
  try {
    if (visit) {
      const client = await clients[index].open(at);
      process.send({ visited: await visitAs(client, visit.collection, visit.theirs) });
    } else {
      await runScenario(index, at);
    }
  } catch (err) {
    process.send({ error: describe(err) });
    code = 1;
  }
  // SDKs keep sockets and timers; the parent has heard all there is to hear.
  process.disconnect();
  process.exit(code);
});
