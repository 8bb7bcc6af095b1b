// Who the client is: signs in without asking (by wx.login in a mini program,
// anonymously elsewhere), renews the access token before it ends, and never
// does either twice at the same time (tcb-wire-protocol.md 11).

import { Fault } from './errors';
import type { Http } from './transport/http';

/** A token is renewed so long before its end. */
const marginMs = 30_000;

/** What a sign-in yields, as it is kept between runs. */
interface Credentials {
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since 1970, by the clock of this machine. */
  expiresAt: number;
  userId: string;
}

/** Reply of every sign-in and of a renewal. */
interface TokenReply {
  access_token?: string;
  refresh_token?: string;
  expires_in?: number;
  sub?: string;
  error?: string;
  error_description?: string;
  provider_token?: string;
}

/** Identity of this client in one env. */
export class Session {
  private credentials: Credentials | undefined;
  private pending: Promise<Credentials> | undefined;
  private readonly key: string;

  constructor(
    private readonly http: Http,
    private readonly env: string,
  ) {
    this.key = `baas:session:${http.endpoint}:${env}`;
  }

  /** A token that is valid for a while. Codes: -1 without a connection, -501023 when sign-in is refused. */
  async token(): Promise<string> {
    const { accessToken } = await this.current();
    return accessToken;
  }

  /** Id of the user; signs in when needed. */
  async userId(): Promise<string> {
    const { userId } = await this.current();
    return userId;
  }

  /** The server says that a token has ended before its time: renew it. */
  expired(token: string): void {
    const known = this.credentials ?? this.load();
    if (known?.accessToken === token) this.keep({ ...known, expiresAt: 0 });
  }

  /** The server does not know a token at all: sign in anew. */
  unknown(token: string): void {
    const known = this.credentials ?? this.load();
    if (known?.accessToken === token) this.drop();
  }

  private current(): Promise<Credentials> {
    // Another page or process may have renewed the tokens in the meantime.
    const known = this.isFresh(this.credentials) ? this.credentials : this.load();
    if (known !== undefined && this.isFresh(known)) {
      this.credentials = known;
      return Promise.resolve(known);
    }
    this.pending ??= this.obtain(known).finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private isFresh(credentials: Credentials | undefined): boolean {
    return credentials !== undefined && credentials.expiresAt - marginMs > this.http.platform.clock.now();
  }

  private async obtain(known: Credentials | undefined): Promise<Credentials> {
    const renewed = known === undefined ? undefined : await this.renew(known.refreshToken);
    const credentials = renewed ?? (await this.signIn());
    this.keep(credentials);
    return credentials;
  }

  /** Undefined when the server no longer accepts the refresh token. */
  private async renew(refreshToken: string): Promise<Credentials | undefined> {
    const reply = await this.post('/auth/v1/token', {
      client_id: this.env,
      client_secret: '',
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    if (reply.error === undefined) return this.credentialsOf(reply);
    // Another page or process may have used it up a moment ago: then its tokens are here.
    const other = this.load();
    if (other !== undefined && other.refreshToken !== refreshToken) return other;
    this.drop();
    return undefined;
  }

  private async signIn(): Promise<Credentials> {
    const { platform } = this.http;
    if (platform.login === undefined) {
      return this.credentialsOf(await this.post('/auth/v1/signin/anonymously', {}));
    }
    const { code, appId } = await platform.login();
    const { provider_token, ...refused } = await this.post('/auth/v1/provider/token', {
      provider_id: appId,
      provider_code: code,
      provider_params: { provider_code_type: 'open_id', appid: appId },
    });
    if (provider_token === undefined) throw refusal(refused);
    return this.credentialsOf(await this.post('/auth/v1/signin/with/provider', { provider_token }));
  }

  private post(path: string, body: object): Promise<TokenReply> {
    return this.http.json({
      path: `${path}?client_id=${encodeURIComponent(this.env)}`,
      headers: { 'x-device-id': this.deviceId(), 'x-request-id': this.http.nextId() },
      body,
    });
  }

  private credentialsOf(reply: TokenReply): Credentials {
    const { access_token, refresh_token, expires_in, sub } = reply;
    if (access_token === undefined || refresh_token === undefined || expires_in === undefined)
      throw refusal(reply);
    return {
      accessToken: access_token,
      refreshToken: refresh_token,
      expiresAt: this.http.platform.clock.now() + expires_in * 1000,
      userId: sub ?? '',
    };
  }

  /** By this id the server knows an anonymous user again. It is a secret. */
  private deviceId(): string {
    const { platform } = this.http;
    const key = 'baas:device';
    const known = platform.storage.get(key);
    if (known !== undefined && known.length >= 16) return known;
    const fresh = platform.randomId();
    platform.storage.set(key, fresh);
    return fresh;
  }

  private keep(credentials: Credentials): void {
    this.credentials = credentials;
    this.http.platform.storage.set(this.key, JSON.stringify(credentials));
  }

  private drop(): void {
    this.credentials = undefined;
    this.http.platform.storage.remove(this.key);
  }

  private load(): Credentials | undefined {
    const text = this.http.platform.storage.get(this.key);
    if (text === undefined) return undefined;
    try {
      const value = JSON.parse(text) as Partial<Credentials>;
      const { accessToken, refreshToken, expiresAt, userId } = value;
      const whole =
        typeof accessToken === 'string' && typeof refreshToken === 'string' && typeof expiresAt === 'number';
      return whole ? { accessToken, refreshToken, expiresAt, userId: userId ?? '' } : undefined;
    } catch {
      return undefined; // damaged: sign in anew
    }
  }
}

function refusal({ error, error_description }: TokenReply): Fault {
  return new Fault(
    -501023,
    `sign-in refused: ${error ?? 'no token in the reply'} ${error_description ?? ''}`.trimEnd(),
  );
}
