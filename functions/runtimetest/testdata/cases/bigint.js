// fail: NotSerialisable: TypeError: Do not know how to serialize a BigInt
exports.main = async () => ({ n: 1n })
