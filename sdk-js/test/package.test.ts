// The package as it is handed out: its entries in the places they are for.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Cloud } from '../src/types';
import { simulateWx } from './wx-sim';

const dist = new URL('../dist/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, dist), 'utf8');

const members = [
  'Cloud',
  'callContainer',
  'callFunction',
  'callHTTPFunction',
  'connectContainer',
  'database',
  'deleteFile',
  'downloadFile',
  'getTempFileURL',
  'init',
  'uploadFile',
];

describe('the built package', () => {
  it('is required by Node, under its own name', () => {
    const cloud = createRequire(new URL('../package.json', import.meta.url))('baas-sdk') as Cloud;
    expect(Object.keys(cloud).sort()).toEqual(members);
  });

  it('is one CommonJS file for a mini program', () => {
    const module = { exports: {} };
    const require = (name: string): never => expect.unreachable(`require of ${name}`);
    const code = `(function (module, exports, require, wx) {${read('baas.wx.js')}\n})`;
    const load = runInNewContext(code) as (...args: unknown[]) => void;
    load(module, module.exports, require, simulateWx());
    expect(Object.keys(module.exports).sort()).toEqual(members);
  });

  it.each([
    ['baas and cloud', {}, ['baas', 'cloud']],
    ['baas alone where the page has a cloud of its own', { cloud: 'mine' }, ['baas']],
  ])('gives a page the global %s', (_name, page, want) => {
    const globals: Record<string, unknown> = { ...page };
    const document = { currentScript: null };
    runInNewContext(read('baas.js'), Object.assign(globals, { document, HTMLScriptElement: Object }));
    const made = Object.entries(globals).filter(([, value]) => typeof (value as Cloud).init === 'function');
    expect(made.map(([name]) => name).sort()).toEqual(want);
  });

  it('is a module for browsers', () => {
    expect(read('baas.mjs')).toMatch(/export\s*\{\s*\w+ as default\s*\}/);
  });

  it.each(['baas.js', 'baas.mjs', 'baas.wx.js', 'baas.cjs'])('%s names no machine and no date', (name) => {
    expect(read(name)).not.toMatch(/\/home\/|\/work\/|20\d\d-\d\d-\d\dT/);
  });
});
