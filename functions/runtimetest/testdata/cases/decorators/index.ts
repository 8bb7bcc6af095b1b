// result: ["before","run 5","after"]
const log: string[] = []

function traced(target: (...args: any[]) => any, _context: ClassMethodDecoratorContext) {
  return function (this: unknown, ...args: any[]) {
    log.push('before')
    const out = target.apply(this, args)
    log.push('after')
    return out
  }
}

class Job {
  @traced
  run(n: number) { log.push(`run ${n}`) }
}

export async function main() {
  new Job().run(5)
  return log
}
