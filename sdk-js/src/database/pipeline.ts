// Stages of an aggregation as values (wx-cloud-api.md 5.1). A builder says
// what is wanted; aggregate-encoder says how that looks on the wire.

import { badParameter } from '../errors';

/** One stage: its name without `$`, and its argument as it was given. */
export interface Stage {
  name: string;
  argument: unknown;
}

/** The stage methods. Each returns a new builder; the receiver stays as it is. */
export abstract class StageBuilder {
  constructor(protected readonly stages: readonly Stage[] = []) {}

  /** Makes the builder of the same kind with other stages. */
  protected abstract derive(stages: readonly Stage[]): this;

  addFields(fields: object): this {
    return this.stage('addFields', fields);
  }
  bucket(spec: object): this {
    return this.stage('bucket', spec);
  }
  bucketAuto(spec: object): this {
    return this.stage('bucketAuto', spec);
  }
  collStats(spec: object = {}): this {
    return this.stage('collStats', spec);
  }
  count(name: string): this {
    return this.stage('count', name);
  }
  facet(pipelines: object): this {
    return this.stage('facet', pipelines);
  }
  geoNear(spec: object): this {
    return this.stage('geoNear', spec);
  }
  graphLookup(spec: object): this {
    return this.stage('graphLookup', spec);
  }
  group(spec: object): this {
    return this.stage('group', spec);
  }
  indexStats(): this {
    return this.stage('indexStats', {});
  }
  limit(count: number): this {
    return this.stage('limit', count);
  }
  lookup(spec: object): this {
    return this.stage('lookup', spec);
  }
  match(condition: object): this {
    return this.stage('match', condition);
  }
  out(collection: string): this {
    return this.stage('out', collection);
  }
  project(projection: object): this {
    return this.stage('project', projection);
  }
  redact(expression: unknown): this {
    return this.stage('redact', expression);
  }
  replaceRoot(spec: object): this {
    return this.stage('replaceRoot', spec);
  }
  sample(spec: number | object): this {
    return this.stage('sample', spec);
  }
  skip(count: number): this {
    return this.stage('skip', count);
  }
  sort(order: object): this {
    return this.stage('sort', order);
  }
  sortByCount(expression: unknown): this {
    return this.stage('sortByCount', expression);
  }
  unwind(spec: string | object): this {
    return this.stage('unwind', spec);
  }

  private stage(name: string, argument: unknown): this {
    return this.derive([...this.stages, { name, argument }]);
  }
}

/** `$.pipeline()`: the pipeline inside a lookup. */
export class Pipeline extends StageBuilder {
  protected derive(stages: readonly Stage[]): this {
    return new Pipeline(stages) as this;
  }

  /** The finished pipeline, for `lookup({pipeline})` and `facet`. */
  done(): PipelineStages {
    return new PipelineStages(this.stages);
  }
}

/** A finished pipeline. */
export class PipelineStages {
  constructor(readonly stages: readonly Stage[]) {}

  /** A pipeline is not data: it must not reach a document unnoticed. */
  toJSON(): never {
    throw badParameter('a pipeline can only be used in lookup and facet');
  }
}
