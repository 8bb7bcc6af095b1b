// fail: NotSerialisable: TypeError: Converting circular structure to JSON
exports.main = async () => { const o = {}; o.o = o; return o }
