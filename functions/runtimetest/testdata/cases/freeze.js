// Globals stay; timers wait for the next call and go on in it, marked late.
// event: {"n":1}
// result: {"calls":1,"ticks":0}
// event: {"n":2}
// result: {"calls":2,"ticks":1}
// log: late log tick
let calls = 0
let ticks = 0
exports.main = async () => {
  calls++
  const now = ticks
  if (calls === 1) setTimeout(() => { ticks++; console.log('tick') }, 1)
  else await new Promise(r => setTimeout(r, 30))
  return { calls, ticks: calls === 1 ? now : ticks }
}
