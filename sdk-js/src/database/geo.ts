// db.Geo: the six GeoJSON shapes (wx-cloud-api.md 3.9). Longitude first.

import { Fault, badParameter, badType } from '../errors';
import { callable } from './callable';

/** Longitude and latitude. */
export type Position = [number, number];

/** A GeoJSON object of the given type. */
export interface GeoJSON<T extends string, C> {
  type: T;
  coordinates: C;
}

/** A point; longitude -180…180, latitude -90…90. */
export class GeoPoint {
  readonly longitude: number;
  readonly latitude: number;

  constructor(...args: [longitude: number, latitude: number] | [geojson: GeoJSON<'Point', Position>]) {
    const [longitude, latitude] = positionOf(args);
    if (typeof longitude !== 'number') throw badType('longitude', 'number', longitude);
    if (typeof latitude !== 'number') throw badType('latitude', 'number', latitude);
    if (!(Math.abs(longitude) <= 180))
      throw new Fault(-1, `longitude ${longitude} is not within -180 and 180`);
    if (!(Math.abs(latitude) <= 90)) throw new Fault(-1, `latitude ${latitude} is not within -90 and 90`);
    this.longitude = longitude;
    this.latitude = latitude;
  }

  toJSON(): GeoJSON<'Point', Position> {
    return { type: 'Point', coordinates: positionFrom(this) };
  }
}

function positionOf(args: unknown[]): unknown[] {
  if (args.length > 1) return args;
  const [geojson] = args as [{ coordinates?: unknown } | undefined];
  return Array.isArray(geojson?.coordinates) ? geojson.coordinates : args;
}

function positionFrom(point: GeoPoint): Position {
  return [point.longitude, point.latitude];
}

/** One or more points. */
export class GeoMultiPoint {
  readonly points: GeoPoint[];

  constructor(points: GeoPoint[] | GeoJSON<'MultiPoint', Position[]>) {
    this.points = listOf('points', points, 1, toPoint);
  }

  toJSON(): GeoJSON<'MultiPoint', Position[]> {
    return { type: 'MultiPoint', coordinates: this.points.map(positionFrom) };
  }
}

/** Two or more points, joined. */
export class GeoLineString {
  readonly points: GeoPoint[];

  constructor(points: GeoPoint[] | GeoJSON<'LineString', Position[]>) {
    this.points = listOf('points', points, 2, toPoint);
  }

  toJSON(): GeoJSON<'LineString', Position[]> {
    return { type: 'LineString', coordinates: this.points.map(positionFrom) };
  }
}

/** One or more lines. */
export class GeoMultiLineString {
  readonly lines: GeoLineString[];

  constructor(lines: GeoLineString[] | GeoJSON<'MultiLineString', Position[][]>) {
    this.lines = listOf('lines', lines, 1, toLine);
  }

  toJSON(): GeoJSON<'MultiLineString', Position[][]> {
    return { type: 'MultiLineString', coordinates: linesFrom(this) };
  }
}

/** Closed rings of four points or more; the first one is the outer ring. */
export class GeoPolygon {
  readonly lines: GeoLineString[];

  constructor(lines: GeoLineString[] | GeoJSON<'Polygon', Position[][]>) {
    this.lines = listOf('lines', lines, 1, toRing);
  }

  toJSON(): GeoJSON<'Polygon', Position[][]> {
    return { type: 'Polygon', coordinates: linesFrom(this) };
  }
}

/** One or more polygons. */
export class GeoMultiPolygon {
  readonly polygons: GeoPolygon[];

  constructor(polygons: GeoPolygon[] | GeoJSON<'MultiPolygon', Position[][][]>) {
    this.polygons = listOf('polygons', polygons, 1, toPolygon);
  }

  toJSON(): GeoJSON<'MultiPolygon', Position[][][]> {
    return { type: 'MultiPolygon', coordinates: this.polygons.map(linesFrom) };
  }
}

/** Any shape. */
export type GeoShape =
  GeoPoint | GeoMultiPoint | GeoLineString | GeoMultiLineString | GeoPolygon | GeoMultiPolygon;

function linesFrom(shape: GeoPolygon | GeoMultiLineString): Position[][] {
  return shape.lines.map((line) => line.points.map(positionFrom));
}

function toPoint(value: unknown): GeoPoint {
  if (value instanceof GeoPoint) return value;
  if (Array.isArray(value)) return new GeoPoint(value[0] as number, value[1] as number);
  throw badType('points', 'array of GeoPoint', value);
}

function toLine(value: unknown): GeoLineString {
  if (value instanceof GeoLineString) return value;
  if (Array.isArray(value)) return new GeoLineString(value as GeoPoint[]);
  throw badType('lines', 'array of GeoLineString', value);
}

function toRing(value: unknown): GeoLineString {
  const line = toLine(value);
  const first = line.points[0];
  const last = line.points[line.points.length - 1];
  const closed = first?.longitude === last?.longitude && first?.latitude === last?.latitude;
  if (!closed || line.points.length < 4) {
    throw badParameter('a ring of a polygon has four points or more, the last one equal to the first');
  }
  return line;
}

function toPolygon(value: unknown): GeoPolygon {
  if (value instanceof GeoPolygon) return value;
  if (Array.isArray(value)) return new GeoPolygon(value as GeoLineString[]);
  throw badType('polygons', 'array of GeoPolygon', value);
}

/** Reads the parts of a shape from a list of shapes or from GeoJSON. */
function listOf<T>(name: string, value: unknown, atLeast: number, part: (item: unknown) => T): T[] {
  const list = Array.isArray(value) ? value : (value as { coordinates?: unknown } | undefined)?.coordinates;
  if (!Array.isArray(list)) throw badType(name, 'array', value);
  if (list.length < atLeast) throw badParameter(`${name} must hold at least ${atLeast} items`);
  return list.map(part);
}

const shapes = {
  Point: GeoPoint,
  MultiPoint: GeoMultiPoint,
  LineString: GeoLineString,
  MultiLineString: GeoMultiLineString,
  Polygon: GeoPolygon,
  MultiPolygon: GeoMultiPolygon,
};

/** Reports whether a value is an instance of a Geo class. */
export function isGeo(value: unknown): value is GeoShape {
  return Object.values(shapes).some((shape) => value instanceof shape);
}

/** Makes a Geo instance of an object with a valid GeoJSON shape. */
export function reviveGeo(value: object): GeoShape | undefined {
  const { type, coordinates, ...rest } = value as { type?: unknown; coordinates?: unknown };
  if (typeof type !== 'string' || !Array.isArray(coordinates) || Object.keys(rest).length > 0)
    return undefined;
  if (!Object.prototype.hasOwnProperty.call(shapes, type)) return undefined;
  const shape = shapes[type as keyof typeof shapes] as new (geojson: object) => GeoShape;
  try {
    return new shape(value);
  } catch {
    return undefined; // looks like GeoJSON and is not: plain data
  }
}

/** The constructors of db.Geo; `new` is optional. */
export const Geo = {
  Point: callable(GeoPoint),
  MultiPoint: callable(GeoMultiPoint),
  LineString: callable(GeoLineString),
  MultiLineString: callable(GeoMultiLineString),
  Polygon: callable(GeoPolygon),
  MultiPolygon: callable(GeoMultiPolygon),
};

/** The operators on shapes. */
export type GeoQueryOperator = 'geoNear' | 'geoWithin' | 'geoIntersects';

/** Shapes that an operator takes as its geometry; plain GeoJSON counts as one. */
const geometries: Readonly<Record<GeoQueryOperator, readonly (keyof typeof shapes)[]>> = {
  geoNear: ['Point'],
  geoWithin: ['Polygon', 'MultiPolygon'],
  geoIntersects: Object.keys(shapes) as (keyof typeof shapes)[],
};

/** Checks the options of a geo condition. Codes: -401003. */
export function checkGeoQuery(operator: GeoQueryOperator, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw badType(operator, 'object', options);
  const given = options as Record<string, unknown>;
  if (operator === 'geoWithin' && given['centerSphere'] !== undefined) {
    checkCenterSphere(given['centerSphere']);
    return;
  }
  const { geometry } = given;
  const shape =
    typeof geometry === 'object' && geometry !== null ? (reviveGeo(geometry) ?? geometry) : undefined;
  if (!geometries[operator].some((name) => shape instanceof shapes[name])) {
    throw badType('geometry', geometries[operator].join(' or '), geometry);
  }
  for (const name of ['maxDistance', 'minDistance']) {
    const distance = given[name];
    if (distance !== undefined && typeof distance !== 'number') throw badType(name, 'number', distance);
  }
}

function checkCenterSphere(sphere: unknown): void {
  const [center, radius] = Array.isArray(sphere) ? (sphere as unknown[]) : [];
  if (typeof center !== 'object' || center === null) {
    throw badType('centerSphere', '[GeoPoint or [longitude, latitude], radius]', sphere);
  }
  if (typeof radius !== 'number') throw badType('centerSphere', 'a list with the radius in radians', sphere);
}
