export interface Options { width: number; height: number }

export class Shape {
  readonly #options: Options
  constructor(options: Options) { this.#options = options }
  area(): number { return this.#options.width * this.#options.height }
}
