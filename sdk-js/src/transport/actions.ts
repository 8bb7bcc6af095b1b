// Running actions of the TCB protocol over HTTP: as a user on /web, or as the
// administrator on /admin (tcb-wire-protocol.md 3 and 5).

import type { Session } from '../auth';
import { serverFault } from '../errors';
import type { Act, Members, Reply } from '../protocol';
import type { Http } from './http';

/** Version of the old dialect that the official clients name. */
const dataVersion = '2020-01-10';

/** Codes by which the server says that it does not know a token. */
const unknownToken: readonly string[] = ['CHECK_LOGIN_FAILED', 'SIGN_PARAM_INVALID', 'INVALID_REFRESH_TOKEN'];

/**
 * Actions of a user. A token that has ended is renewed and the action repeated
 * once: the server refused it before doing anything.
 */
export function webActions(http: Http, env: string, session: Session | undefined): Act {
  const send = async (action: string, members: Members, token: string | undefined): Promise<Reply> =>
    http.json({
      path: `/web?env=${encodeURIComponent(env)}`,
      headers: { 'x-seqid': http.nextId() },
      body: { ...members, action, dataVersion, env, ...(token === undefined ? {} : { access_token: token }) },
    });
  return async (action, members) => {
    const token = await session?.token();
    let reply = await send(action, members, token);
    if (session !== undefined && token !== undefined && refused(session, token, reply)) {
      reply = await send(action, members, await session.token());
    }
    return checked(reply);
  };
}

/** Tells the session about a refused token; false when the reply is about something else. */
function refused(session: Session, token: string, { code }: Reply): boolean {
  if (code === 'ACCESS_TOKEN_EXPIRED') {
    session.expired(token);
    return true;
  }
  if (code === undefined || !unknownToken.includes(code)) return false;
  session.unknown(token);
  return true;
}

/** Actions of an administrator, by API key. For servers only: the key opens everything. */
export function adminActions(http: Http, env: string, apiKey: string): Act {
  return async (action, members) =>
    checked(
      await http.json({
        path: `/admin?env=${encodeURIComponent(env)}`,
        headers: { authorization: `Bearer ${apiKey}`, 'x-seqid': http.nextId() },
        body: { ...members, action, envName: env },
      }),
    );
}

function checked(reply: Reply): Reply {
  if (reply.code) throw serverFault(reply.code, reply.message ?? '', reply.requestId);
  return reply;
}
