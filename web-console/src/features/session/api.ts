import { api, ApiError } from "../../lib/api";

export interface Me {
  name: string;
  role: string;
}

/** The signed-in admin, or null. */
export async function fetchMe(): Promise<Me | null> {
  try {
    return (await api.get("/me")) as Me;
  } catch (err) {
    if (err instanceof ApiError && err.status === 401) return null;
    throw err;
  }
}

export const login = (name: string, password: string) => api.post("/login", { name, password });
export const logout = () => api.post("/logout");
export const setup = (token: string, name: string, password: string) =>
  api.post("/setup", { token, name, password });

export async function fetchEnvs(): Promise<string[]> {
  const res = (await api.get("/envs")) as { envs: { id: string }[] };
  return res.envs.map((e) => e.id);
}
