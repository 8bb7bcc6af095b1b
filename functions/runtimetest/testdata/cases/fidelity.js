// result: {"d":"1970-01-01T00:00:00.000Z","b":{"type":"Buffer","data":[104,105]},"n":null,"i":1e+21,"z":0,"s":"é\ud800","m":{},"nested":[null,null],"t":"T"}
exports.main = async () => ({ d: new Date(0), b: Buffer.from("hi"), u: undefined, f() {}, n: NaN, i: 1e21, z: -0, s: "é\ud800", m: new Map([[1, 2]]), nested: [undefined, () => 1], t: { toJSON: () => "T" } })
