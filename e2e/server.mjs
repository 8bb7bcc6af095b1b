// Starts the real binary on a temporary data folder and a free port.
import { spawn, execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The root of the repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const binary = process.env.BAAS_BINARY ?? join(root, "bin", "baas");
const startTimeoutMs = 20_000;

/**
 * startServer runs `baas serve` (or `baas dev DIR` with `dev`) and waits until
 * it is ready. `lines` collects what it prints; `stop` ends it and removes its
 * folder, failing when the server did not end cleanly.
 */
export async function startServer({ dev, args = [] } = {}) {
  const data = await mkdtemp(join(tmpdir(), "baas-e2e-"));
  const command = dev === undefined ? ["serve"] : ["dev", dev];
  const child = spawn(binary, [...command, "--data", data, "--http", "127.0.0.1:0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  const waiting = new Set();
  const collect = (line) => {
    lines.push(line);
    for (const check of waiting) check();
  };
  createInterface({ input: child.stdout }).on("line", collect);
  createInterface({ input: child.stderr }).on("line", collect);
  const exit = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));

  /** waitFor resolves with the first printed line, from index `from`, that matches. */
  const waitFor = (pattern, { from = 0, timeoutMs = startTimeoutMs } = {}) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`no line matched ${pattern} in ${timeoutMs} ms; printed:\n${lines.join("\n")}`));
      }, timeoutMs);
      const check = () => {
        const found = lines.slice(from).find((line) => pattern.test(line));
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });

  const died = exit.then(({ code, signal }) => {
    throw new Error(`the server ended early (${code ?? signal}):\n${lines.join("\n")}`);
  });
  const setupLine = await Promise.race([waitFor(/\/console\/setup\?token=/), died]);
  died.catch(() => {});
  const setupURL = setupLine.match(/http:\S+/)[0];
  const url = new URL(setupURL).origin;
  return {
    url,
    setupURL,
    data,
    lines,
    waitFor,
    /** baas runs a subcommand with --json against this server and returns the object it prints. */
    async baas(...command) {
      const { stdout } = await run(binary, [...command, "--data", data, "--json"]);
      return JSON.parse(stdout);
    },
    async local() {
      return JSON.parse(await readFile(join(data, "local.json"), "utf8"));
    },
    async stop() {
      child.kill("SIGTERM");
      const { code, signal } = await exit;
      await rm(data, { recursive: true, force: true });
      if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${lines.join("\n")}`);
    },
  };
}
