// The example project, served by `baas dev`, used from Node, from its own
// mini-program pages over a simulated wx, and from a page in Chromium.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch, watchPage } from './browser.mjs';
import { MiniProgram, loadSimulation } from './miniprogram.mjs';
import { root, startServer } from './server.mjs';

const run = promisify(execFile);
const example = join(root, 'examples', 'todo-miniprogram');
const written = 'http://127.0.0.1:8787'; // the address in the examples' sources

let server;
let scratch;

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'baas-example-'));
  // What Node's SDK remembers belongs to this run.
  process.env.XDG_STATE_HOME = scratch;
  server = await startServer({ dev: example });
  for (const name of ['login', 'todos', 'stats']) await server.waitFor(new RegExp(`${name} live`), { timeoutMs: 60_000 });
});

after(async () => {
  await server?.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** The examples' sources, pointed at this server. */
const here = (text) => text.replaceAll(written, server.url);

async function until(condition, what) {
  const end = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`did not happen in 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('each function answers baas-sdk in Node', async () => {
  const cloud = createRequire(import.meta.url)(join(root, 'sdk-js'));
  cloud.init({ env: 'dev', endpoint: server.url });
  const call = async (name, data) => (await cloud.callFunction({ name, data })).result;

  const { owner, openid } = await call('login');
  assert.match(owner, /^\S+$/);
  assert.equal(openid, undefined, 'a user of Node has no openid');

  const { _id } = await call('todos', { $url: 'add', title: '买菜' });
  assert.deepEqual((await call('todos', { $url: 'list' })).map(({ title, done }) => [title, done]), [['买菜', false]]);
  assert.deepEqual(await call('stats'), { total: 1, done: 0, progress: 0 });
  assert.deepEqual(await call('todos', { $url: 'toggle', id: _id }), { done: true });
  assert.deepEqual(await call('stats'), { total: 1, done: 1, progress: 1 });

  // What a function wrote for a user, that user may read.
  const { data } = await cloud.database().collection('todos').doc(_id).get();
  assert.equal(data.title, '买菜');
  assert.ok(data.created instanceof Date);

  assert.deepEqual(await call('todos', { $url: 'clear' }), { removed: 1 });
  await assert.rejects(call('todos', { $url: 'add', title: ' ' }), (err) => {
    assert.equal(err.errCode, -504002);
    assert.match(err.errMsg, /title must not be empty[^]*index\.js:\d+/);
    return true;
  });
  assert.ok(server.lines.some((line) => line.includes(`route clear for ${owner}`)), 'the log is in the terminal');
});

test('the Node example runs', async () => {
  const env = { ...process.env, BAAS_URL: server.url };
  const { stdout } = await run(process.execPath, [join(root, 'examples', 'node', 'index.js')], { env });
  assert.match(stdout, /done .* write a script/);
});

test('the mini program runs over a simulated wx', async () => {
  const simulateWx = await loadSimulation();
  const picture = join(scratch, 'picture.png');
  await writeFile(picture, randomBytes(4096));
  const shown = [];
  const wx = {
    ...simulateWx({ appId: JSON.parse(await readFile(join(example, 'project.config.json'), 'utf8')).appid }),
    chooseMedia: async () => ({ tempFiles: [{ tempFilePath: picture }] }),
    previewImage: ({ urls }) => shown.push(...urls),
  };
  const program = new MiniProgram(join(example, 'miniprogram'), wx, here);
  const [path] = await program.launch();
  const page = await program.open(path);
  assert.equal(page.data.error, '');
  const { result } = await wx.cloud.callFunction({ name: 'login' });
  assert.equal(page.data.owner, result.openid, 'a WeChat user is known by openid');
  assert.equal(result.appid, 'wx0000000000000000');

  page.onInput({ detail: { value: '写信' } });
  await page.onAdd();
  await until(() => page.data.todos.length === 1 && page.data.stats.total === 1, 'the new todo is shown');
  const [todo] = page.data.todos;
  assert.equal(todo.title, '写信');
  assert.equal(todo._openid, result.openid);

  await page.onPicture({ currentTarget: { dataset: { id: todo._id } } });
  await until(() => page.data.todos[0].picture !== undefined, 'the picture is shown');
  await page.onPreview({ currentTarget: { dataset: { picture: page.data.todos[0].picture } } });
  const bytes = Buffer.from(await (await fetch(shown[0])).arrayBuffer());
  assert.ok(bytes.equals(await readFile(picture)), 'the picture is the one uploaded');
  const { tempFilePath } = await wx.cloud.downloadFile({ fileID: page.data.todos[0].picture });
  assert.ok((await readFile(tempFilePath)).equals(bytes));
  await rm(tempFilePath);

  await page.onToggle({ currentTarget: { dataset: { id: todo._id, done: false } } });
  await until(() => page.data.stats.done === 1, 'it is counted as done');
  await page.onClear();
  await until(() => page.data.todos.length === 0, 'it is gone');
  assert.equal(page.data.error, '');
  program.close();
});

test('the page runs in Chromium', async () => {
  const html = here(await readFile(join(root, 'examples', 'web', 'index.html'), 'utf8'));
  const pages = createServer((_request, response) => response.setHeader('content-type', 'text/html; charset=utf-8').end(html));
  await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const browser = await launch();
  try {
    const tabs = await browser.newContext();
    const page = await tabs.newPage();
    const complaints = watchPage(page);
    // The page is of another origin than the server, as pages are.
    const origin = `http://127.0.0.1:${pages.address().port}/`;
    await page.goto(origin);
    await page.locator('#owner:not(:empty)').waitFor();

    await page.getByPlaceholder('What is to be done?').fill('浇花');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByText('浇花').waitFor();
    await page.getByText('0 / 1 完成').waitFor();

    // Another tab is the same user and sees the same; what it does, the first one hears.
    const second = await tabs.newPage();
    await second.goto(origin);
    await second.getByText('浇花').click();
    await page.getByText('1 / 1 完成').waitFor();
    await second.close();

    const content = randomBytes(4096);
    await page.locator('#file').setInputFiles({ name: '附件.bin', mimeType: 'application/octet-stream', buffer: content });
    const link = page.locator('#link:not([hidden])');
    await link.waitFor();
    const stored = Buffer.from(await (await fetch(await link.getAttribute('href'))).arrayBuffer());
    assert.ok(stored.equals(content), 'the file is the one uploaded');

    const answers = await page.evaluate(async () => ({
      login: (await cloud.callFunction({ name: 'login' })).result.owner,
      todos: (await cloud.callFunction({ name: 'todos', data: { $url: 'list' } })).result.length,
      stats: (await cloud.callFunction({ name: 'stats' })).result.total,
    }));
    assert.deepEqual(answers, { login: await page.locator('#owner').textContent(), todos: 1, stats: 1 });

    await page.getByRole('button', { name: 'Clear done' }).click();
    await page.getByText('0 / 0 完成').waitFor();
    assert.equal(await page.getByRole('alert').textContent(), '');
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    pages.closeAllConnections();
    pages.close();
  }
});
