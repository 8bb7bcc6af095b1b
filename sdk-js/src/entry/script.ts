// The script for a page: one tag, global `baas`, and `cloud` unless the page
// has something of that name.

import { createCloud } from '../cloud';
import { browserPlatform } from '../platform/browser';
import type { Cloud } from '../types';

declare const globalThis: { baas?: Cloud; cloud?: unknown };

const script = document.currentScript;
const cloud = createCloud(browserPlatform(script instanceof HTMLScriptElement ? script.src : undefined));
globalThis.baas = cloud;
globalThis.cloud ??= cloud;
