import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { 'baas:host': fileURLToPath(new URL('test/scripted-host.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
    // One process at a time: the machines that run this are small.
    maxWorkers: 1,
    testTimeout: 20_000,
    onConsoleLog() {
      throw new Error('the SDK must not write to the console');
    },
  },
});
