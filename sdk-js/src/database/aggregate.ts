// Aggregate: what `collection.aggregate()` returns (wx-cloud-api.md 5).

import { encodeStages } from './aggregate-encoder';
import { StageBuilder, type Stage } from './pipeline';
import type { Side } from './side';

/** An aggregation of one collection, in the shape of wx.cloud. */
export class Aggregate extends StageBuilder {
  constructor(
    private readonly side: Side,
    private readonly collectionName: string,
    stages: readonly Stage[] = [],
  ) {
    super(stages);
  }

  protected derive(stages: readonly Stage[]): this {
    return new Aggregate(this.side, this.collectionName, stages) as this;
  }

  /** Runs the stages in order. A client gets 20 documents unless a limit stage asks for more. */
  end(options?: object) {
    return this.side.run('collection.aggregate', options, async () => {
      const { documents, requestId } = await aggregate(this.side, this.collectionName, this.stages);
      return { list: documents, requestId };
    });
  }
}

/** Sends an aggregation; both API shapes end in it. */
export function aggregate(side: Side, collection: string, stages: readonly Stage[]) {
  return side.store.aggregate(collection, encodeStages(stages, side.store.dialect));
}
