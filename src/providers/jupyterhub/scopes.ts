import type { Json } from '../../vocabulary/json.ts'
import { readList } from '../kit/fields.ts'

/**
 * Whether the expanded scopes in `GET /user` show a user and all their servers: without a filter, or filtered to that
 * user. Otherwise the hub hides objects (404, or no `servers`), so absence is conclusive only if this is true. Group
 * filters are not resolved and count as insufficient.
 * Source: https://jupyterhub.readthedocs.io/en/3.0.0/rbac/scopes.html#horizontal-filtering
 */
export function seesServersOf(owner: Json, user: string): boolean {
  return isGranted(owner, 'read:servers', user)
}

/** The scopes that the token lacks for this user, or for all users if none is given. */
export function missingScopes(owner: Json, scopes: readonly string[], user: string | undefined): readonly string[] {
  return scopes.filter((scope) => !isGranted(owner, scope, user))
}

/** From 6.0 on a start requires a separate scope, which `servers` includes. */
const narrower: Readonly<Record<string, string>> = { servers: 'start:servers' }

function isGranted(owner: Json, scope: string, user: string | undefined): boolean {
  const granted = readList(owner, 'scopes')
  const fitting = [scope, narrower[scope] ?? scope]
  return fitting.some(
    (each) => granted.includes(each) || (user !== undefined && granted.includes(`${each}!user=${user}`)),
  )
}
