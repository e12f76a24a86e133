import type { Json } from '../../vocabulary/json.ts'

/** Body of `POST /users/{user}/servers/{server}`, which the hub passes to the spawner as `user_options`. */
export type UserOptions = Record<string, Json>

/** Body of `DELETE /users/{user}/servers/{server}` that also removes the server; without a body it only stops. */
export const removal = { remove: true } as const

/** Body of `POST /users/{user}/tokens`. */
export interface NewToken {
  note: string
  /** Seconds. */
  expires_in: number
  scopes: string[]
}

/** The path of a user, below the API's prefix. */
export function userPath(user: string): string {
  return `/users/${encodeURIComponent(user)}`
}

/** The path of a named server, below the API's prefix. */
export function serverPath({ user, server }: { user: string; server: string }): string {
  return `${userPath(user)}/servers/${encodeURIComponent(server)}`
}

/** Includes stopped servers, which are omitted by default. */
export const withStopped = 'include_stopped_servers=1'

/** Without this media type a list of users is truncated at the page limit without notice. */
export const paginationType = 'application/jupyterhub-pagination+json'
