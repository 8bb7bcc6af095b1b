// Runs a mini program's own JavaScript in Node: app.js and pages as they are,
// over the simulated wx of the SDK's tests. There is no rendering; what a page
// shows is its data.
import { mkdir, readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './server.mjs';

const sdk = join(root, 'sdk-js');

/** Loads the simulated wx, which is TypeScript of the SDK's tests. */
export async function loadSimulation() {
  const esbuild = createRequire(join(sdk, 'package.json'))('esbuild');
  const cache = join(sdk, 'node_modules', '.cache'); // beside `ws`, which stays outside of the bundle
  await mkdir(cache, { recursive: true });
  const outfile = join(cache, 'wx-sim.mjs');
  await esbuild.build({
    entryPoints: [join(sdk, 'test', 'wx-sim.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['ws'],
    outfile,
    logLevel: 'error',
  });
  return (await import(pathToFileURL(outfile))).simulateWx;
}

/** A mini program under way. */
export class MiniProgram {
  #folder;
  #wx;
  #replace;
  #pages = {};
  #loading;

  /** replace edits source text, so that an address in it can be another. */
  constructor(folder, wx, replace = (text) => text) {
    this.#folder = folder;
    this.#wx = wx;
    this.#replace = replace;
  }

  /** Runs app.js and its onLaunch. */
  async launch() {
    const config = JSON.parse(await readFile(join(this.#folder, 'app.json'), 'utf8'));
    this.#load(join(this.#folder, 'app.js')).onLaunch?.();
    return config.pages;
  }

  /** Opens a page: runs its script and its onLoad. */
  async open(path) {
    const definition = this.#load(join(this.#folder, `${path}.js`));
    const page = Object.create(definition);
    page.data = structuredClone(definition.data ?? {});
    page.setData = (data) => Object.assign(page.data, data);
    this.#pages[path] = page;
    await page.onLoad?.();
    return page;
  }

  /** Ends every page. */
  close() {
    for (const page of Object.values(this.#pages)) page.onUnload?.();
  }

  /** Runs a script and returns what it gave to App or Page. */
  #load(file) {
    this.#loading = undefined;
    this.#require(file);
    return this.#loading ?? {};
  }

  #require(file) {
    const module = { exports: {} };
    const register = (definition) => (this.#loading = definition);
    const require = (name) => this.#require(resolve(dirname(file), name));
    const source = this.#replace(readFileSync(file, 'utf8'));
    new Function('module', 'exports', 'require', 'wx', 'App', 'Page', source)(
      module, module.exports, require, this.#wx, register, register,
    );
    return module.exports;
  }
}
