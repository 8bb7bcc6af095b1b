// The unmodified official packages run one scenario against the real binary:
// every client in a process of its own, one table as the outcome.
//
//   node run.mjs [PART OF A CLIENT'S NAME …]
//
// Without BAAS_URL it starts BAAS_BINARY on a temporary folder. With it, the
// keys come from BAAS_SECRET_ID, BAAS_SECRET_KEY and BAAS_API_KEY, the env from
// BAAS_ENV (dev), which must hold the functions `hello` of a new server and
// `fails` of this folder.
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { startServer } from "../server.mjs";
import { clients } from "./clients.mjs";
import { steps } from "./scenario.mjs";
import { printTable } from "./table.mjs";

const atOnce = 3;
const clientTimeoutMs = 240_000;
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** target starts a server, or takes the one that the environment names. */
async function target() {
  const { BAAS_URL, BAAS_ENV = "dev", BAAS_SECRET_ID, BAAS_SECRET_KEY, BAAS_API_KEY } = process.env;
  if (BAAS_URL !== undefined) {
    const pair = { secretId: BAAS_SECRET_ID, secretKey: BAAS_SECRET_KEY };
    return { at: { url: BAAS_URL, env: BAAS_ENV, pair, apiKey: BAAS_API_KEY }, stop: async () => {} };
  }
  const server = await startServer();
  await server.baas("fn", "deploy", here("functions/fails"));
  const pair = await server.baas("key", "create", "--kind", "pair");
  const { key } = await server.baas("key", "create", "--kind", "api");
  return { at: { url: server.url, env: "dev", pair, apiKey: key }, stop: () => server.stop() };
}

/** runClient answers the results by step; steps that were not reached failed. */
function runClient(index, at) {
  const results = new Map();
  const child = fork(here("client.mjs"), { silent: true });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      printed = (printed + text).slice(-4_000);
    });
  }
  let broken = "";
  child.on("message", ({ step, result, error }) => {
    if (step) results.set(step, { result, error });
    else broken = error;
  });
  const watchdog = setTimeout(() => {
    broken = `stopped after ${clientTimeoutMs} ms`;
    child.kill("SIGKILL");
  }, clientTimeoutMs);
  child.send({ index, at });
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(watchdog);
      for (const { name } of steps) {
        if (results.has(name)) continue;
        const error = `not reached: ${broken || `the process ended with ${code ?? signal}`}\n${printed}`;
        results.set(name, { result: "failed", error });
      }
      resolve(results);
    });
  });
}

/** runAll runs the chosen clients, a few at once, and answers their results in order. */
async function runAll(chosen, at) {
  const results = [];
  const queue = [...chosen.entries()];
  async function work() {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [place, client] = next;
      results[place] = await runClient(clients.indexOf(client), at);
      console.error(`${client.name} (${client.how}) done`);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

const wanted = process.argv.slice(2);
const chosen = clients.filter((c) => wanted.length === 0 || wanted.some((w) => `${c.name} ${c.how}`.includes(w)));

const server = await target();
let results;
try {
  results = await runAll(chosen, { ...server.at, run: randomBytes(4).toString("hex") });
} finally {
  await server.stop();
}

printTable(chosen, steps, results);
let passed = 0;
let failed = 0;
for (const [i, of] of results.entries()) {
  for (const [step, { result, error }] of of) {
    if (result === "passed") passed++;
    if (result !== "failed") continue;
    failed++;
    console.log(`\n✗ ${chosen[i].name} (${chosen[i].how}): ${step}\n${error.replace(/^/gm, "    ")}`);
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
