// The encoders and the value codec against the vectors that Go reads, too.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aggregateCommand as $ } from '../src/database/aggregate-command';
import { encodeStages } from '../src/database/aggregate-encoder';
import { command as _ } from '../src/database/command';
import { Database } from '../src/database/database';
import { encodeCondition, encodeProjection } from '../src/database/query-encoder';
import { StageBuilder, type Stage } from '../src/database/pipeline';
import { serverSide } from '../src/database/side';
import { plainStore } from '../src/database/store';
import { encodeUpdate } from '../src/database/update-encoder';
import { decode, decodePlainGeo, encode, extended, plain, type Dialect, type Json } from '../src/value';

interface Vector {
  name: string;
  code: string;
  plain: Json;
  extended?: Json;
  oneWay?: boolean;
}

const db = new Database(
  serverSide(
    plainStore(() => Promise.reject(new Error('not in this test'))),
    true,
  ),
  {},
);

function vectors(file: string): Vector[] {
  const text = readFileSync(new URL(`vectors/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: Vector[] }).cases;
}

function evaluate(code: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the vectors are ours, and code is what they are about
  const run = new Function('_', 'db', '$', '$a', `return ${code}`) as (...args: unknown[]) => unknown;
  return run(_, db, $, new Stages());
}

/** Stands for collection.aggregate() in the vectors. */
class Stages extends StageBuilder {
  protected derive(stages: readonly Stage[]): this {
    return new Stages(stages) as this;
  }
  in(dialect: Dialect): Json[] {
    return encodeStages(this.stages, dialect).map(({ stageKey, stageValue }) => ({
      [stageKey]: JSON.parse(stageValue) as Json,
    }));
  }
}

/** Compares as text: toEqual would not see a member named __proto__. */
function same(got: unknown, want: unknown): void {
  expect(JSON.stringify(got)).toBe(JSON.stringify(want));
}

describe('conditions', () => {
  it.each(vectors('query'))('$name', ({ code, plain: want }) => {
    same(encodeCondition(evaluate(code), plain), want);
  });

  const twoWay = vectors('query').filter(({ oneWay }) => oneWay !== true);
  it.each(twoWay)('$name: both dialects mean the same', ({ code }) => {
    const condition = evaluate(code);
    same(decode(encodeCondition(condition, extended)), decode(encodeCondition(condition, plain)));
  });
});

describe('updates', () => {
  it.each(vectors('update'))('$name', ({ code, plain: want }) => {
    same(encodeUpdate(evaluate(code), plain), want);
  });
});

describe('aggregations', () => {
  it.each(vectors('aggregate'))('$name', ({ code, plain: want }) => {
    same((evaluate(code) as Stages).in(plain), want);
  });

  it.each(vectors('aggregate'))('$name: both dialects mean the same', ({ code }) => {
    const stages = evaluate(code) as Stages;
    // A server date is a marker of the dialect, nothing that comes back.
    const text = (dialect: Dialect) =>
      JSON.stringify(decode(stages.in(dialect))).replace('$tcb_server_date', '$date');
    expect(text(extended)).toBe(text(plain));
  });

  it('writes numbers and dates of the new dialect as it wants them', () => {
    const stages = evaluate('$a.limit(3).addFields({at: new Date(7), n: $.add([1, 2.5])})') as Stages;
    same(stages.in(extended), [
      { $limit: { $numberInt: '3' } },
      {
        $addFields: {
          at: { $date: { $numberLong: '7' } },
          n: { $add: [{ $numberInt: '1' }, { $numberDouble: '2.5' }] },
        },
      },
    ]);
  });

  it('offers every operator of the typings', () => {
    for (const [name, operator] of Object.entries($)) {
      if (name === 'pipeline') continue;
      same(encode((operator as (x: unknown) => unknown)('$x'), plain), {
        [name === 'neq' ? '$ne' : `$${name}`]: '$x',
      });
    }
    expect(Object.keys($)).toHaveLength(107);
  });

  it('leaves a builder as it was', () => {
    const before = $.pipeline().match({ a: 1 });
    before.limit(1);
    expect(before.done().stages).toHaveLength(1);
  });

  it('leaves GeoJSON in results of clients as it is', () => {
    const point = { type: 'Point', coordinates: [1, 2] };
    expect(decodePlainGeo({ at: point, d: { $date: 5 } })).toEqual({ at: point, d: new Date(5) });
  });
});

describe('values', () => {
  it.each(vectors('value'))('$name', ({ code, plain: wantPlain, extended: wantExtended }) => {
    const value = evaluate(code);
    same(encode(value, plain), wantPlain);
    same(encode(value, extended), wantExtended);
  });

  const twoWay = vectors('value').filter(({ oneWay }) => oneWay !== true);
  it.each(twoWay)('$name: comes back', ({ code, plain: inPlain, extended: inExtended }) => {
    expect(decode(inPlain)).toEqual(evaluate(code));
    expect(decode(inExtended)).toEqual(evaluate(code));
  });

  it('revives what only a server sends', () => {
    expect(
      decode({
        a: { $oid: '5f' },
        b: { $numberLong: '7' },
        c: { $regularExpression: { pattern: 'x', options: 'i' } },
      }),
    ).toEqual({ a: '5f', b: 7, c: /x/i });
  });

  it('keeps a regular expression that JavaScript cannot read', () => {
    const { a } = decode({ a: { $regularExpression: { pattern: '(?<n', options: 'x' } } }) as { a: unknown };
    expect(a).toMatchObject({ regexp: '(?<n', options: 'x' });
  });
});

describe('refused data', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

  it.each<[string, () => unknown, number, string]>([
    ['a circle', () => encode(circular, plain), -402001, 'circular'],
    ['a circle in a condition', () => encodeCondition(circular, plain), -402001, 'circular'],
    ['a circle in an update', () => encodeUpdate(circular, plain), -402001, 'circular'],
    ['too many levels', () => encode(deep(101), plain), -401002, '100 levels'],
    ['too many levels in a condition', () => encodeCondition(deep(101), plain), -401002, '100 levels'],
    ['bytes', () => encode({ a: new Uint8Array(1) }, plain), -401002, 'binary'],
    ['an invalid date', () => encode({ a: new Date(NaN) }, plain), -401002, 'Date'],
    [
      'an update command in a document',
      () => encode({ a: [_.inc(1)] }, plain),
      -502001,
      'update operator complicit',
    ],
    ['a condition in a document', () => encode({ a: _.gt(1) }, plain), -401002, 'where'],
    ['an update in a condition', () => encodeCondition({ a: _.inc(1) }, plain), -401002, 'a: _.inc'],
    ['a condition in an update', () => encodeUpdate({ a: { b: _.gt(1) } }, plain), -401002, 'a.b'],
    ['a field command as whole condition', () => encodeCondition(_.gt(1), plain), -401002, '_.gt'],
    ['an operator written by hand', () => encodeCondition({ a: { $ne: null } }, plain), -401002, 'a.$ne'],
    ['an update operator written by hand', () => encodeUpdate({ $inc: { n: 1 } }, plain), -401002, '$inc'],
    ['an update operator below a field', () => encodeUpdate({ a: { $inc: 1 } }, plain), -401002, 'a.$inc'],
    ['a text as condition', () => encodeCondition('x', plain), -401003, 'condition'],
    [
      'the same operator twice in elemMatch',
      () => encodeCondition({ a: _.elemMatch(_.gt(1).gt(2)) }, plain),
      -401002,
      '$gt',
    ],
    [
      'a condition of a field as the match of an aggregation',
      () => encodeStages([{ name: 'match', argument: _.gt(1) }], plain),
      -401002,
      '_.gt',
    ],
    ['a pipeline in a document', () => encode({ a: $.pipeline().done() }, plain), -401002, 'lookup'],
    [
      'an expression as update',
      () => encodeUpdate({ a: $.add(['$b', 1]) }, plain),
      -401002,
      'a.$add: updates are written with db.command',
    ],
    ['an expression as condition', () => encodeCondition({ a: $.gt(1) }, plain), -401002, 'a.$gt'],
    ['text on a field', () => encodeCondition({ a: _.text('x') }, plain), -401002, '_.text'],
    ['text without words', () => _.text({}), -401003, 'search'],
    [
      'a near that is no point',
      () => _.geoNear({ geometry: db.Geo.LineString([db.Geo.Point(0, 0), db.Geo.Point(1, 1)]) }),
      -401003,
      'geometry should be Point',
    ],
    [
      'a distance that is no number',
      () => _.geoNear({ geometry: db.Geo.Point(0, 0), maxDistance: '1' }),
      -401003,
      'maxDistance',
    ],
    [
      'within a line',
      () => _.geoWithin({ geometry: { type: 'LineString', coordinates: [] } }),
      -401003,
      'Polygon or MultiPolygon',
    ],
    ['within a sphere without radius', () => _.geoWithin({ centerSphere: [[0, 0]] }), -401003, 'radians'],
    ['intersects nothing', () => _.geoIntersects({}), -401003, 'geometry'],
    ['in without a list', () => _.in('x' as unknown as unknown[]), -401003, 'in'],
    ['inc without a number', () => _.inc('1' as unknown as number), -401003, 'inc'],
    ['a point out of range', () => db.Geo.Point(181, 0), -1, 'longitude'],
    ['a point of texts', () => db.Geo.Point('1' as unknown as number, 0), -401003, 'longitude'],
    [
      'an open ring',
      () => db.Geo.Polygon([db.Geo.LineString([db.Geo.Point(0, 0), db.Geo.Point(1, 1)])]),
      -401002,
      'ring',
    ],
  ])('%s', (_name, work, errCode, text) => {
    expect(work).toThrow(
      expect.objectContaining({ errCode, message: expect.stringContaining(text) as string }) as Error,
    );
  });

  it('accepts exactly 100 levels', () => {
    expect(JSON.stringify(encode(deep(100), plain))).toContain('"a":1');
  });
});

describe('projections', () => {
  it('drops what is neither boolean, 0, 1 nor a command', () => {
    const projection = { a: true, b: 1, c: 0, d: false, e: 'x', f: 2, g: _.project.slice([1, 2]) };
    same(encodeProjection(projection, plain), { a: 1, b: 1, c: 0, d: 0, g: { $slice: [1, 2] } });
  });
});

describe('constructors without new', () => {
  it('make instances', () => {
    expect(db.Geo.Point(1, 2)).toBeInstanceOf(db.Geo.Point);
    expect(new db.serverDate()).toBeInstanceOf(db.serverDate);
    expect(db.Geo.Point({ type: 'Point', coordinates: [3, 4] })).toMatchObject({ longitude: 3, latitude: 4 });
  });
});
