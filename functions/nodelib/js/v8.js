'use strict'

const { notAvailable } = require('internal/errors')

module.exports = {
  getHeapStatistics() {
    const m = process.memoryUsage()
    return { total_heap_size: m.heapTotal, used_heap_size: m.heapUsed, heap_size_limit: require('os').totalmem(), malloced_memory: m.heapUsed, total_available_size: m.heapTotal }
  },
  getHeapSpaceStatistics: () => [],
  getHeapCodeStatistics: () => ({}),
  setFlagsFromString() {},
  cachedDataVersionTag: () => 0,
  serialize() { throw notAvailable('v8.serialize') },
  deserialize() { throw notAvailable('v8.deserialize') },
}
