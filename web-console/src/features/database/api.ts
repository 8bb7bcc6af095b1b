import { api } from "../../lib/api";

export interface Collection {
  name: string;
  mode: string;
  count: number;
  bytes: number;
}

export type Doc = Record<string, unknown>;

export async function fetchCollections(env: string): Promise<Collection[]> {
  const res = (await api.get(`/${env}/collections`)) as { collections: Collection[] };
  return res.collections;
}

export interface Page {
  docs: Doc[];
  more: boolean;
}

/** One page of documents as canonical extended JSON; one more is asked for to know whether another page follows. */
export async function fetchDocuments(env: string, name: string, query: string, skip: number, size: number): Promise<Page> {
  const q = new URLSearchParams({ query, skip: String(skip), limit: String(size + 1) });
  const path = `/${env}/collections/${encodeURIComponent(name)}/documents?${q.toString()}`;
  const res = (await api.get(path)) as { list: Doc[] };
  return { docs: res.list.slice(0, size), more: res.list.length > size };
}
