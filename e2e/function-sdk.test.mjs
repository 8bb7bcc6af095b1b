// The server SDKs inside a function worker, against the real server.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, startServer } from './server.mjs';

test('wx-server-sdk and node-sdk work inside a function', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'baas-function-sdk-'));
  process.env.XDG_STATE_HOME = scratch;
  const server = await startServer();
  try {
    await server.baas('fn', 'deploy', join(root, 'e2e', 'function-sdk', 'probe'), '--env', 'dev');
    const cloud = createRequire(import.meta.url)(join(root, 'sdk-js'));
    cloud.init({ env: 'dev', endpoint: server.url });
    const data = { collection: `probe_${randomBytes(6).toString('hex')}` };
    const { result } = await cloud.callFunction({ name: 'probe', data });
    assert.deepEqual(result, []);
  } finally {
    await server.stop();
    await rm(scratch, { recursive: true, force: true });
  }
});
