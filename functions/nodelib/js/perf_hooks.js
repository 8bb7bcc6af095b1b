'use strict'

class PerformanceObserver {
  observe() {}
  disconnect() {}
  takeRecords() { return [] }
  static supportedEntryTypes = []
}

module.exports = {
  performance: globalThis.performance,
  PerformanceObserver,
  constants: {},
  monitorEventLoopDelay: () => ({ enable() {}, disable() {}, min: 0, max: 0, mean: 0, percentile: () => 0 }),
}
