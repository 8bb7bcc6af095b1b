// Fails when the console grows beyond its ceilings: 350 KB gzip for the first
// load, 900 KB for everything.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const html = readFileSync(new URL("index.html", dist), "utf8");
const files = readdirSync(new URL("assets/", dist)).map((name) => ({
  first: html.includes(name),
  bytes: gzipSync(readFileSync(new URL(`assets/${name}`, dist))).length,
}));
const sum = (list) => list.reduce((n, f) => n + f.bytes, 0);
const first = sum(files.filter((f) => f.first));
const all = sum(files);
console.log(`console: first load ${(first / 1024).toFixed(0)} KB gzip (≤ 350), all ${(all / 1024).toFixed(0)} KB (≤ 900)`);
if (first === 0 || first > 350 * 1024 || all > 900 * 1024) process.exit(1);
