// Hashes what the build is made from, so that a Go test can tell a stale dist
// without Node: SHA-256 over "path\0size\0content" of every input, by path.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";

const inputs = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "build", "src"];

function filesBelow(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

export function hashInputs(root: string): string {
  const hash = createHash("sha256");
  const paths = inputs
    .flatMap((name) => filesBelow(join(root, name)))
    .map((path) => relative(root, path).split(sep).join("/"))
    .sort();
  for (const path of paths) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${String(content.length)}\0`).update(content);
  }
  return hash.digest("hex");
}
