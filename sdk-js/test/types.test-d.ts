// Types as applications meet them.

import { expectTypeOf, test } from 'vitest';
import type {
  CallFunctionResult,
  Cloud,
  Collection,
  Document,
  Ok,
  UploadFileResult,
  UploadTask,
} from '../src/types';

declare const cloud: Cloud;
declare const todos: Collection;

test('a call is a promise, or void with a callback', () => {
  expectTypeOf(cloud.callFunction({ name: 'f' })).resolves.toEqualTypeOf<CallFunctionResult>();
  expectTypeOf(cloud.callFunction({ name: 'f', success: () => undefined })).toEqualTypeOf<void>();
  expectTypeOf(cloud.init({ env: 'dev' })).toEqualTypeOf<void>();
  expectTypeOf(new cloud.Cloud({ resourceEnv: 'e' }).init()).resolves.toEqualTypeOf<void>();
});

test('a transfer in callback style is a task', () => {
  expectTypeOf(
    cloud.uploadFile({ cloudPath: 'a', filePath: 'b' }),
  ).resolves.toEqualTypeOf<UploadFileResult>();
  expectTypeOf(
    cloud.uploadFile({ cloudPath: 'a', filePath: 'b', fail: () => undefined }),
  ).toEqualTypeOf<UploadTask>();
});

test('queries chain and yield documents', () => {
  expectTypeOf(todos.where({ done: false }).orderBy('at', 'desc').limit(5).get()).resolves.toEqualTypeOf<
    { data: Document[] } & Ok
  >();
  expectTypeOf(todos.doc('x').get()).resolves.toHaveProperty('data');
  // @ts-expect-error watch needs both handlers
  todos.watch({ onChange: () => undefined });
  // @ts-expect-error doc needs an id
  todos.doc();
});
