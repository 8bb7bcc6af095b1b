// Signing in and staying signed in (tcb-wire-protocol.md 11).

import { describe, expect, it } from 'vitest';
import { createCloud } from '../src/cloud';
import type { Cloud } from '../src/types';
import { ScriptedPlatform, credentials, settled, type Answer, type Seen } from './scripted';

function cloudOver(platform: ScriptedPlatform): Cloud {
  const cloud = createCloud(platform);
  cloud.init({ env: 'dev' });
  return cloud;
}

function call(cloud: Cloud): Promise<unknown> {
  return cloud.callFunction({ name: 'f' });
}

/** Gives one token after the other; actions succeed unless told otherwise. */
function issuing(
  expiresIn: number,
  act: (token: unknown) => Answer = () => ({ data: {} }),
): ScriptedPlatform {
  let issued = 0;
  return new ScriptedPlatform(({ path, body }: Seen) => {
    if (!path.startsWith('/auth/v1')) return act(body['access_token']);
    issued++;
    return credentials(String(issued), expiresIn);
  });
}

function paths(platform: ScriptedPlatform): string[] {
  return platform.seen.map(({ path }) => path.replace(/\?.*/, ''));
}

describe('signing in', () => {
  it('is anonymous, once, with a stable device id', async () => {
    const platform = issuing(7200);
    const cloud = cloudOver(platform);
    await Promise.all([call(cloud), call(cloud), call(cloud)]);
    expect(paths(platform)).toEqual(['/auth/v1/signin/anonymously', '/web', '/web', '/web']);
    const [signIn] = platform.seen;
    expect(signIn).toMatchObject({ path: '/auth/v1/signin/anonymously?client_id=dev', body: {} });
    expect(signIn?.headers['x-device-id']).toMatch(/^.{16,48}$/);
  });

  it('is remembered by the next start', async () => {
    const platform = issuing(7200);
    await call(cloudOver(platform));
    await call(cloudOver(platform));
    expect(paths(platform)).toEqual(['/auth/v1/signin/anonymously', '/web', '/web']);
  });

  it('keeps the device id when the tokens are lost', async () => {
    const platform = issuing(7200);
    await call(cloudOver(platform));
    platform.storage.remove('baas:session:http://server:dev');
    await call(cloudOver(platform));
    const ids = platform.seen.map(({ headers }) => headers['x-device-id']).filter(Boolean);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('starts anew over a damaged memory', async () => {
    const platform = issuing(7200);
    platform.storage.set('baas:session:http://server:dev', '{"accessToken":1');
    await call(cloudOver(platform));
    expect(paths(platform)).toEqual(['/auth/v1/signin/anonymously', '/web']);
  });

  it('exchanges the code of wx.login in a mini program', async () => {
    const platform = new ScriptedPlatform(({ path }) => {
      if (path.startsWith('/auth/v1/provider/token')) return { provider_token: 'pt', expires_in: 600 };
      return path.startsWith('/auth/v1') ? credentials('wx') : { data: {} };
    });
    platform.login = () => Promise.resolve({ code: 'code-1', appId: 'wx123' });
    await call(cloudOver(platform));
    expect(platform.seen.slice(0, 2).map(({ path, body }) => ({ path, body }))).toEqual([
      {
        path: '/auth/v1/provider/token?client_id=dev',
        body: {
          provider_id: 'wx123',
          provider_code: 'code-1',
          provider_params: { provider_code_type: 'open_id', appid: 'wx123' },
        },
      },
      { path: '/auth/v1/signin/with/provider?client_id=dev', body: { provider_token: 'pt' } },
    ]);
    expect(platform.actions()[0]).toMatchObject({ access_token: 'access-wx' });
  });

  it('fails with the reason of the server', async () => {
    const refusal = { error: 'permission_denied', error_description: 'anonymous login is off' };
    const platform = new ScriptedPlatform(() => refusal);
    await expect(call(cloudOver(platform))).rejects.toMatchObject({
      errCode: -501023,
      errMsg: expect.stringContaining('permission_denied anonymous login is off') as string,
    });
  });

  it('is tried again after a failure', async () => {
    let down = true;
    const platform = new ScriptedPlatform(({ path }) => {
      if (down) return new Error('connect ECONNREFUSED');
      return path.startsWith('/auth/v1') ? credentials('a') : { data: {} };
    });
    const cloud = cloudOver(platform);
    await expect(call(cloud)).rejects.toMatchObject({ errCode: -1 });
    down = false;
    await expect(call(cloud)).resolves.toBeDefined();
  });
});

describe('renewal', () => {
  it('happens before the end, once for all calls', async () => {
    const platform = issuing(100);
    const cloud = cloudOver(platform);
    await call(cloud);
    await platform.clock.advance(69_000);
    await call(cloud);
    await platform.clock.advance(2_000);
    await Promise.all([call(cloud), call(cloud)]);
    expect(paths(platform)).toEqual([
      '/auth/v1/signin/anonymously',
      '/web',
      '/web',
      '/auth/v1/token',
      '/web',
      '/web',
    ]);
    expect(platform.seen[3]?.body).toEqual({
      client_id: 'dev',
      client_secret: '',
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
    });
    expect(platform.actions().map((body) => body['access_token'])).toEqual([
      'access-1',
      'access-1',
      'access-2',
      'access-2',
    ]);
  });

  it('follows ACCESS_TOKEN_EXPIRED, and the action is repeated once', async () => {
    const platform = issuing(7200, (token) =>
      token === 'access-1' ? { code: 'ACCESS_TOKEN_EXPIRED', message: 'expired' } : { data: {} },
    );
    await call(cloudOver(platform));
    expect(paths(platform)).toEqual(['/auth/v1/signin/anonymously', '/web', '/auth/v1/token', '/web']);
  });

  it('is not repeated without end', async () => {
    const platform = issuing(7200, () => ({ code: 'ACCESS_TOKEN_EXPIRED', message: 'expired' }));
    await expect(call(cloudOver(platform))).rejects.toMatchObject({ errCode: -501001 });
    expect(platform.actions()).toHaveLength(2);
  });

  it('gives way to a new sign-in when the refresh token has ended', async () => {
    const platform = new ScriptedPlatform(({ path }) => {
      if (path.startsWith('/auth/v1/token')) return { error: 'invalid_grant', error_description: 'expired' };
      return path.startsWith('/auth/v1') ? credentials('a', 40) : { data: {} };
    });
    const cloud = cloudOver(platform);
    await call(cloud);
    await platform.clock.advance(20_000);
    await call(cloud);
    expect(paths(platform)).toEqual([
      '/auth/v1/signin/anonymously',
      '/web',
      '/auth/v1/token',
      '/auth/v1/signin/anonymously',
      '/web',
    ]);
  });

  it('takes over what another page has renewed at the same moment', async () => {
    const platform: ScriptedPlatform = new ScriptedPlatform(({ path }) => {
      if (!path.startsWith('/auth/v1')) return { data: {} };
      if (!path.startsWith('/auth/v1/token')) return credentials('a', 40);
      // While this refresh is under way, another one wins and leaves its tokens.
      const winner = {
        accessToken: 'access-w',
        refreshToken: 'refresh-w',
        expiresAt: 9e15,
        userId: 'user-a',
      };
      platform.storage.set('baas:session:http://server:dev', JSON.stringify(winner));
      return { error: 'invalid_grant', error_description: 'used before' };
    });
    const cloud = cloudOver(platform);
    await call(cloud);
    await platform.clock.advance(20_000);
    await call(cloud);
    expect(platform.actions().map((body) => body['access_token'])).toEqual(['access-a', 'access-w']);
  });

  it('is a new sign-in when the server does not know the token', async () => {
    const platform = issuing(7200, (token) =>
      token === 'access-1' ? { code: 'CHECK_LOGIN_FAILED', message: 'who?' } : { data: {} },
    );
    await call(cloudOver(platform));
    expect(paths(platform)).toEqual([
      '/auth/v1/signin/anonymously',
      '/web',
      '/auth/v1/signin/anonymously',
      '/web',
    ]);
  });

  it('uses what another page has renewed in the meantime', async () => {
    const platform = issuing(100);
    const first = cloudOver(platform);
    const second = cloudOver(platform);
    await call(first);
    await call(second);
    await platform.clock.advance(71_000);
    await call(first);
    await call(second);
    await settled();
    expect(paths(platform).filter((path) => path === '/auth/v1/token')).toHaveLength(1);
  });
});
