// The bridge that the function worker offers under the name `baas:host`.
declare module 'baas:host' {
  /** Runs one action of the TCB protocol: JSON text in, JSON text out. */
  export function act(bodyText: string): Promise<string>;
  /** Stores a file and returns its fileID. */
  export function upload(path: string, bytes: Uint8Array): Promise<string>;
  /** Reads a file. */
  export function download(fileID: string): Promise<Buffer>;
  /** Identity and source of the running invocation, `{}` outside of one. */
  export function context(): Record<string, unknown>;
  /** Id of the env that the function lives in. */
  export const env: string;
  /** Writes a structured line to the function's log. */
  export function log(level: string, object: object): void;
}
