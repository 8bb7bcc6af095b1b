// `wx.cloud = require('./baas.wx.js')` in a mini program.

import { createCloud } from '../cloud';
import { miniProgramPlatform, type WxHost } from '../platform/miniprogram';

declare const wx: WxHost;

export default createCloud(miniProgramPlatform(wx));
