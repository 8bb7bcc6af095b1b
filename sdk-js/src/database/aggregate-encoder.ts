// Aggregation stages to the wire (wx-cloud-api.md 5), in either dialect: match
// and the query of geoNear are conditions, everything else is expressions.

import { encode, put, type Dialect, type Json, type JsonObject } from '../value';
import { PipelineStages, type Stage } from './pipeline';
import { encodeCondition, isNestable } from './query-encoder';

/** One stage as the actions take it; the value is JSON text of any kind. */
export interface WireStage {
  stageKey: string;
  stageValue: string;
  [member: string]: Json;
}

/**
 * Encodes the stages of an aggregation.
 *
 * Codes: -401002, -401003, -402001.
 */
export function encodeStages(stages: readonly Stage[], dialect: Dialect): WireStage[] {
  return stages.map((stage) => ({
    stageKey: `$${stage.name}`,
    stageValue: JSON.stringify(argumentOf(stage, dialect)),
  }));
}

function argumentOf({ name, argument }: Stage, dialect: Dialect): Json {
  switch (name) {
    case 'match':
      return encodeCondition(argument, dialect);
    case 'sample':
      return encode(typeof argument === 'number' ? { size: argument } : argument, dialect);
    case 'geoNear':
      return members(argument, dialect, (key, value) =>
        key === 'query' ? encodeCondition(value, dialect) : encode(value, dialect),
      );
    case 'lookup':
      return members(argument, dialect, (key, value) =>
        key === 'pipeline' ? pipeline(value, dialect) : encode(value, dialect),
      );
    case 'graphLookup':
      return members(argument, dialect, (key, value) =>
        key === 'restrictSearchWithMatch' ? encodeCondition(value, dialect) : encode(value, dialect),
      );
    case 'facet':
      return members(argument, dialect, (_key, value) => pipeline(value, dialect));
    default:
      return encode(argument, dialect);
  }
}

/** Encodes the members of a stage one by one; what is no object goes as it is. */
function members(argument: unknown, dialect: Dialect, member: (key: string, value: unknown) => Json): Json {
  if (!isNestable(argument)) return encode(argument, dialect);
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(argument)) {
    if (value !== undefined) put(out, key, member(key, value));
  }
  return out;
}

/** A pipeline inside a stage: made by `$.pipeline()`, or written by hand in the wire's form. */
function pipeline(value: unknown, dialect: Dialect): Json {
  if (!(value instanceof PipelineStages)) return encode(value, dialect);
  return value.stages.map((stage): Json => ({ [`$${stage.name}`]: argumentOf(stage, dialect) }));
}
