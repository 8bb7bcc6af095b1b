// The worker's bridge, in the hands of a test: vitest puts this in the place
// of `baas:host`.

/** What the tests set, and what was asked. */
export const script = {
  reply: {} as object,
  actions: [] as Record<string, unknown>[],
  files: new Map<string, Buffer>(),
  context: {} as Record<string, unknown>,
  lines: [] as [string, object][],
  failure: undefined as Error | undefined,
  /** Answers instead of reply, when it is there. */
  answer: undefined as ((action: Record<string, unknown>) => object) | undefined,
  /** Never answers. */
  silent: false,
};

export const env = 'dev';

export function act(bodyText: string): Promise<string> {
  const action = JSON.parse(bodyText) as Record<string, unknown>;
  script.actions.push(action);
  if (script.silent) return new Promise(() => undefined);
  return Promise.resolve(JSON.stringify(script.answer?.(action) ?? script.reply));
}

export function upload(path: string, bytes: Uint8Array): Promise<string> {
  if (script.failure !== undefined) return Promise.reject(script.failure);
  const fileID = `cloud://dev.b/${path}`;
  script.files.set(fileID, Buffer.from(bytes));
  return Promise.resolve(fileID);
}

export function download(fileID: string): Promise<Buffer> {
  if (script.failure !== undefined) return Promise.reject(script.failure);
  return Promise.resolve(script.files.get(fileID) ?? Buffer.alloc(0));
}

export function context(): Record<string, unknown> {
  return script.context;
}

export function log(level: string, object: object): void {
  script.lines.push([level, object]);
}
