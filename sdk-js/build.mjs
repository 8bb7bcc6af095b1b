// Builds the SDK: `npm run build`.
//
// The files land in dist/ and in ../functions/wxsdk/dist/ and are committed;
// build-info.json holds a hash of everything they were made from, which a Go
// test recomputes. Nothing in the output depends on the time or the machine.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import ts from 'typescript';

const root = dirname(fileURLToPath(import.meta.url));
const workerDist = join(root, '..', 'functions', 'wxsdk', 'dist');

const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
};

/** Output file → how it is made. */
const client = {
  // One script tag: global `baas`, and `cloud` unless the page has one.
  'baas.js': { entryPoints: ['src/entry/script.ts'], format: 'iife', target: 'es2018' },
  'baas.mjs': { entryPoints: ['src/entry/browser.ts'], format: 'esm', target: 'es2020' },
  // Mini programs run on old engines and take one CommonJS file.
  'baas.wx.js': {
    entryPoints: ['src/entry/miniprogram.ts'],
    format: 'cjs',
    target: 'es2017',
    footer: defaultExport(),
  },
  'baas.cjs': {
    entryPoints: ['src/entry/node.ts'],
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    footer: defaultExport(),
  },
};

const worker = {
  // goja runs this: classes and async functions are native, the rest is lowered.
  'wx-server-sdk.js': {
    entryPoints: ['src/entry/server.ts'],
    format: 'cjs',
    platform: 'neutral',
    target: 'es2018',
    external: ['baas:host'],
    footer: {
      js: "module.exports=Object.defineProperty(module.exports.wxServerSDK,Symbol.for('baas.node-sdk'),{value:module.exports.nodeSDK});",
    },
  },
};

/** `require('baas-sdk')` gives the cloud object itself. */
function defaultExport() {
  return { js: 'module.exports=module.exports.default;' };
}

async function bundle(targets) {
  const files = new Map();
  for (const [name, options] of Object.entries(targets)) {
    const result = await esbuild.build({ ...common, ...options });
    files.set(name, Buffer.from(result.outputFiles[0].contents));
  }
  return files;
}

/** One declaration file: the contract of src/types.ts as a namespace, and the object itself. */
async function declarations() {
  const source = await readFile(join(root, 'src/types.ts'), 'utf8');
  const { outputText, diagnostics } = ts.transpileDeclaration(source, {
    fileName: 'types.ts',
    compilerOptions: { strict: true, isolatedDeclarations: true },
    reportDiagnostics: true,
  });
  if (diagnostics?.length) throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})));
  const body = outputText.trimEnd().replace(/^(?=.)/gm, '  ');
  return Buffer.from(
    `declare namespace baas {\n${body}\n}\n\n/** The cloud object: init it, then use it as wx.cloud. */\ndeclare const baas: baas.Cloud;\nexport = baas;\nexport as namespace baas;\n`,
  );
}

async function inputs() {
  const own = ['build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];
  const files = [...own, ...(await tree(join(root, 'src')))].sort();
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function tree(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    found.push(
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split('\\')
        .join('/'),
    );
  }
  return found;
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

/** Writes a whole folder and swaps it in: a half-written dist would break `go build`. */
async function publish(folder, files, hash) {
  const outputs = Object.fromEntries(
    [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, content]) => [name, sha256(content)]),
  );
  files.set('build-info.json', Buffer.from(JSON.stringify({ inputs: hash, outputs }, null, 2) + '\n'));
  const fresh = `${folder}.new`;
  const old = `${folder}.old`;
  await rm(fresh, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  for (const [name, content] of files) await writeFile(join(fresh, name), content);
  await mkdir(folder, { recursive: true });
  await rename(folder, old);
  await rename(fresh, folder);
  await rm(old, { recursive: true, force: true });
}

const hash = await inputs();
const clientFiles = await bundle(client);
clientFiles.set('index.d.ts', await declarations());
const workerFiles = await bundle(worker);
await publish(join(root, 'dist'), clientFiles, hash);
await publish(workerDist, workerFiles, hash);
// The example opens in WeChat's tools as it is.
await writeFile(
  join(root, '..', 'examples', 'todo-miniprogram', 'miniprogram', 'baas.wx.js'),
  clientFiles.get('baas.wx.js'),
);
for (const [name, content] of [...clientFiles, ...workerFiles]) {
  process.stdout.write(`${name.padEnd(20)} ${(content.length / 1024).toFixed(1)} KB\n`);
}
