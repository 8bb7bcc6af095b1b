// event: {"b":1,"a":{"__proto__":{"x":1}},"2":0,"名":"值😀","n":[1.5,-0,1e400],"s":"\ud800"}
// result: {"2":0,"b":1,"a":{"__proto__":{"x":1}},"名":"值😀","n":[1.5,0,null],"s":"\ud800"}
// event: "just text"
// result: "just text"
// event: null
// result: null
exports.main = async event => event
