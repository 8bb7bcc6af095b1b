import { api } from "../../lib/api";

export interface CloudFunction {
  name: string;
  version: string;
  timeoutMs: number;
  memoryMB: number;
}

export interface Outcome {
  result: unknown;
  requestId: string;
}

export async function fetchFunctions(env: string): Promise<CloudFunction[]> {
  const res = (await api.get(`/${env}/functions`)) as { functions: CloudFunction[] };
  return res.functions;
}

export const callFunction = (env: string, name: string, event: string) =>
  api.post(`/${env}/functions/${encodeURIComponent(name)}/call`, event) as Promise<Outcome>;
