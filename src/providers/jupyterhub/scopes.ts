import type { Json } from '../../vocabulary/json.ts'
import { readList } from '../kit/fields.ts'

/**
 * Whether a token sees a user and all servers of that user, by the expanded scopes that `GET /user` shows: without a
 * filter, or with one for that user. Where it does not, the hub hides what is there (404, or no `servers`), so only
 * then is "not shown" the same as "not there". A filter by group is not followed: it hides the doubt, not the server.
 * Source: https://jupyterhub.readthedocs.io/en/3.0.0/rbac/scopes.html#horizontal-filtering
 */
export function seesServersOf(owner: Json, user: string): boolean {
  return isGranted(owner, 'read:servers', user)
}

/** Those of the scopes that the token lacks, for this user or, where none is named, for everybody. */
export function missingScopes(owner: Json, scopes: readonly string[], user: string | undefined): readonly string[] {
  return scopes.filter((scope) => !isGranted(owner, scope, user))
}

/** From 6.0 on a start asks for a scope of its own, which `servers` includes. */
const narrower: Readonly<Record<string, string>> = { servers: 'start:servers' }

function isGranted(owner: Json, scope: string, user: string | undefined): boolean {
  const granted = readList(owner, 'scopes')
  const fitting = [scope, narrower[scope] ?? scope]
  return fitting.some(
    (each) => granted.includes(each) || (user !== undefined && granted.includes(`${each}!user=${user}`)),
  )
}
