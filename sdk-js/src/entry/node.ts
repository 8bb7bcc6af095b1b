// `require('baas-sdk')` in Node.

import { createCloud } from '../cloud';
import { nodePlatform } from '../platform/node';

export default createCloud(nodePlatform());
