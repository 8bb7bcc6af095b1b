// Runs one scenario with each official client against a started server and
// prints a table; exit status 1 when any step failed.
//
//   node run.mjs [CLIENT …]
//
// Without BAAS_URL it starts BAAS_BINARY on a temporary folder. With it, the
// keys come from BAAS_SECRET_ID, BAAS_SECRET_KEY and BAAS_API_KEY, the env from
// BAAS_ENV (dev), and the env must hold a function `hello` that answers
// {message}.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CutProxy } from './proxy.mjs';
import { stepNames } from './scenario.mjs';

/** What is run, as package@version, and the file that adapts it. */
const clients = {
  'wx-server-sdk 4.0.2': { adapter: 'wx-server-sdk', module: 'wx-server-sdk-4' },
  'wx-server-sdk 2.6.3': { adapter: 'wx-server-sdk', module: 'wx-server-sdk-2' },
  '@cloudbase/node-sdk 3.18.3': { adapter: 'node-sdk', module: 'cloudbase-node-sdk-3' },
  '@cloudbase/node-sdk 2.11.0': { adapter: 'node-sdk', module: 'cloudbase-node-sdk-2' },
  '@cloudbase/js-sdk 3.7.0': { adapter: 'js-sdk-3', module: 'cloudbase-js-sdk-3' },
  '@cloudbase/js-sdk 1.7.2': { adapter: 'js-sdk-1', module: 'cloudbase-js-sdk-1' },
  // Our own, for comparison.
  'baas-sdk (user)': { adapter: 'baas-sdk', module: 'user' },
  'baas-sdk (API key)': { adapter: 'baas-sdk', module: 'apiKey' },
};

/** One client may take so long, in all. */
const clientTimeoutMs = 90_000;

/** Starts a server, or takes the one of the environment. */
async function target() {
  const { BAAS_URL, BAAS_ENV = 'dev', BAAS_SECRET_ID, BAAS_SECRET_KEY, BAAS_API_KEY } = process.env;
  if (BAAS_URL !== undefined) {
    const keys = { secretId: BAAS_SECRET_ID, secretKey: BAAS_SECRET_KEY, apiKey: BAAS_API_KEY };
    return { url: BAAS_URL, env: BAAS_ENV, ...keys, stop: async () => {} };
  }
  const { startServer } = await import('../server.mjs');
  const server = await startServer();
  const pair = await server.baas('key', 'create', '--env', 'dev');
  const { key } = await server.baas('key', 'create', '--env', 'dev', '--kind', 'api');
  return { url: server.url, env: 'dev', ...pair, apiKey: key, stop: () => server.stop() };
}

/** Runs one client in a process of its own: some patch globals, all read the environment. */
async function run({ adapter, module }, { url, env, secretId, secretKey, apiKey }) {
  const scratch = await mkdtemp(join(tmpdir(), 'baas-client-'));
  const proxy = await CutProxy.start(new URL(url));
  const results = {};
  const child = fork(fileURLToPath(new URL('client.mjs', import.meta.url)), [adapter, module], {
    env: {
      ...process.env,
      // What a client remembers between runs belongs to this one.
      XDG_STATE_HOME: scratch,
      BAAS_TARGET: JSON.stringify({ url: proxy.url, env, secretId, secretKey, apiKey }),
      // How functions of the original point the server SDKs at their server.
      TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${proxy.url}/admin` }),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  child.on('message', (message) => {
    if (message.cut) proxy.cut();
    else results[message.step] = message;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), clientTimeoutMs);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  await proxy.stop();
  await rm(scratch, { recursive: true, force: true });
  return { results, output, ended: signal ?? code };
}

function mark(result) {
  if (result === undefined) return '✗';
  if (result.skipped) return '–';
  return result.error === undefined ? '✓' : '✗';
}

function printTable(rows) {
  const width = Math.max(...stepNames.map((name) => name.length));
  const names = Object.keys(rows);
  process.stdout.write(`${''.padEnd(width)}  ${names.map((name) => name.replace('@cloudbase/', '')).join('  ')}\n`);
  for (const step of stepNames) {
    const marks = names.map((name) => mark(rows[name].results[step]).padEnd(name.replace('@cloudbase/', '').length));
    process.stdout.write(`${step.padEnd(width)}  ${marks.join('  ')}\n`);
  }
}

const wanted = process.argv.slice(2);
const chosen = Object.entries(clients).filter(([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const server = await target();
const rows = {};
try {
  for (const [name, client] of chosen) rows[name] = await run(client, server);
} finally {
  await server.stop();
}
printTable(rows);

let failed = chosen.length === 0;
for (const [name, { results, output, ended }] of Object.entries(rows)) {
  const bad = stepNames.filter((step) => mark(results[step]) === '✗');
  if (bad.length === 0 && ended === 0) continue;
  failed = true;
  process.stdout.write(`\n${name} (ended with ${ended})\n`);
  for (const step of bad) process.stdout.write(`  ✗ ${step}: ${results[step]?.error ?? 'not reached'}\n`);
  if (output !== '') process.stdout.write(output.replace(/^/gm, '  | ') + '\n');
}
process.exitCode = failed ? 1 : 0;
