// event: {"n":2}
// result: {"area":12,"colour":"Green","label":"n=2"}
// event: {"n":-1}
// fail: Threw: RangeError: negative
import { Shape, type Options } from './lib/shape'

enum Colour { Red, Green }

abstract class Base<T> {
  constructor(protected readonly value: T, private label?: string) {}
  abstract describe(): string
}
class Labelled extends Base<number> {
  describe(): string { return `n=${this.value!}` }
}

export const main = async (event: { n: number }): Promise<Record<string, unknown>> => {
  const options: Options = { width: 3, height: event.n * 2 }
  if (event.n < 0) throw new RangeError('negative')
  return { area: new Shape(options).area(), colour: Colour[Colour.Green], label: new Labelled(event.n).describe() } satisfies object
}
