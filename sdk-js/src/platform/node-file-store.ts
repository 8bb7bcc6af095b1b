// What a Node process must remember: its device id, by which the server knows
// an anonymous user again, and its tokens. One file, readable by its owner
// only; without a place to write, memory does.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { memoryStore, type KeyValueStore } from './platform';

/** Where the file is: below XDG_STATE_HOME, else ~/.local/state. */
export function defaultPath(): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return join(state, 'baas-sdk', 'session.json');
}

/**
 * A store in a JSON file. Every write reads the file again and replaces it
 * whole, so that processes that share it lose no more than a race's loser.
 */
export function fileStore(path: string = defaultPath()): KeyValueStore {
  const memory = memoryStore();
  const change = (edit: (values: Record<string, string>) => void): boolean => {
    try {
      const values = read(path);
      edit(values);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const fresh = `${path}.${process.pid}`;
      writeFileSync(fresh, JSON.stringify(values), { mode: 0o600 });
      try {
        renameSync(fresh, path);
      } catch (error) {
        rmSync(fresh, { force: true });
        throw error;
      }
      return true;
    } catch {
      return false; // read-only home: this process remembers, the next one starts anew
    }
  };
  return {
    get: (key) => memory.get(key) ?? read(path)[key],
    set(key, value) {
      if (change((values) => (values[key] = value))) memory.remove(key);
      else memory.set(key, value);
    },
    remove(key) {
      memory.remove(key);
      change((values) => Reflect.deleteProperty(values, key));
    },
  };
}

function read(path: string): Record<string, string> {
  try {
    const values: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof values === 'object' && values !== null ? (values as Record<string, string>) : {};
  } catch {
    return {}; // not there yet, or damaged: as good as new
  }
}
