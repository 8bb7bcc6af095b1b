// The module for browsers and their bundlers.

import { createCloud } from '../cloud';
import { browserPlatform } from '../platform/browser';

export default createCloud(browserPlatform(import.meta.url));
