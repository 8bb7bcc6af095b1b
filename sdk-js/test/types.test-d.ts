// Types as applications meet them.

import { expectTypeOf, test } from 'vitest';
import type { AggregateOperator as BuiltOperator } from '../src/database/aggregate-command';
import type {
  AggregateOperator,
  CallFunctionResult,
  Cloud,
  Collection,
  Database,
  Document,
  Ok,
  UploadFileResult,
  UploadTask,
} from '../src/types';

declare const cloud: Cloud;
declare const todos: Collection;
declare const database: Database;

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

test('aggregations chain and yield a list', () => {
  const $ = database.command.aggregate;
  const pipeline = $.pipeline().match({ done: false }).limit(1).done();
  const joined = todos.aggregate().match({ done: true }).lookup({ from: 'lists', pipeline, as: 'list' });
  expectTypeOf(joined.group({ _id: '$list', n: $.sum(1) }).end()).resolves.toHaveProperty('list');
  expectTypeOf<AggregateOperator>().toEqualTypeOf<BuiltOperator>();
  expectTypeOf($).not.toHaveProperty('summe');
});

test('a transaction yields what its callback does', () => {
  const run = database.runTransaction(async (transaction) => {
    await transaction
      .collection('c')
      .doc('x')
      .update({ data: { n: 1 } });
    return 5;
  });
  expectTypeOf(run).resolves.toEqualTypeOf<number>();
});
