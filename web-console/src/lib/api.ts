// The one way to the console's API: same origin, session by cookie, errors as
// ApiError with the server's code and text.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

interface Refusal {
  code?: unknown;
  message?: unknown;
  requestId?: unknown;
}

function text(v: unknown, fallback: string): string {
  return typeof v === "string" ? v : fallback;
}

async function refusalOf(res: Response): Promise<ApiError> {
  let body: Refusal = {};
  try {
    body = (await res.json()) as Refusal;
  } catch {
    // Not JSON: a proxy answered. The status says enough.
  }
  return new ApiError(
    res.status,
    text(body.code, "SYS_ERR"),
    text(body.message, `HTTP ${String(res.status)}`),
    text(body.requestId, ""),
  );
}

async function request(method: string, path: string, body?: unknown): Promise<unknown> {
  const init: RequestInit = { method, credentials: "same-origin" };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  const res = await fetch(`/console/api${path}`, init);
  if (!res.ok) throw await refusalOf(res);
  return res.status === 204 ? undefined : await res.json();
}

export const api = {
  get: (path: string) => request("GET", path),
  /** A string body is sent as it is: it is JSON text that the user wrote. */
  post: (path: string, body: unknown = {}) => request("POST", path, body),
};
