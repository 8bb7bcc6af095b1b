// Compiled only: the built declarations as a project of a user meets them.

import cloud from 'baas-sdk';
import type { CallFunctionResult, Document, Snapshot } from 'baas-sdk';

interface Todo extends Document {
  title: string;
  done: boolean;
}

cloud.init({ env: 'dev', endpoint: 'https://cloud.example.com' });
const db = cloud.database();
const _ = db.command;

export async function titles(): Promise<string[]> {
  const { data } = await db
    .collection('todos')
    .where({ done: false, n: _.gt(1).and(_.lt(5)) })
    .orderBy('created', 'desc')
    .limit(10)
    .get();
  return (data as Todo[]).map(({ title }) => title);
}

export function call(done: (result: CallFunctionResult) => void): void {
  cloud.callFunction({ name: 'login', success: done, fail: ({ errCode, errMsg }) => void [errCode, errMsg] });
}

export const watcher = db.collection('todos').watch({
  onChange: (snapshot: Snapshot) => snapshot.docs.length,
  onError: (error: unknown) => error,
});

export const point = db.Geo.Point(113.3, 23.1).longitude + new db.Geo.Point(1, 2).latitude;
