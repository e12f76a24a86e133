import { isRecord } from '../fields.ts'
import { hasScope } from './callers.ts'
import { forbidden, HubError } from './errors.ts'
import type { Execute } from './operation.ts'
import { hubTime } from './wire.ts'

/** The scopes of a user's token, by the role `user`. */
const userScopes = ['access:servers', 'delete:servers', 'read:servers', 'read:users', 'servers', 'tokens']

/** `POST /users/{user}/tokens`: a token of that user, with at most the user's scopes. */
export const createToken: Execute = ({ store, caller, call }) => {
  const user = call.params.user ?? ''
  if (caller === undefined) throw forbidden()
  if (store.users.get(user) === undefined || !hasScope(caller, 'tokens', { user })) {
    const kind = caller.kind === 'user' ? 'User' : 'Service'
    throw new HubError(403, `${kind} ${user} not found or no permissions to generate tokens`)
  }
  const body = call.rawBody.length === 0 ? {} : call.json
  if (!isRecord(body)) throw new HubError(400, 'Body must be a JSON dict or empty')
  const scopes = grantedScopes(body.scopes, user)
  const { world, tokens } = store
  const id = world.freshId('jupyterhub', (random) => `a${random.below(1_000_000)}`)
  const token = world.random.text('0123456789abcdef', 32)
  const expiresAt = typeof body.expires_in === 'number' ? world.now() + body.expires_in * 1000 : null
  tokens.add({
    id,
    name: id,
    owner: user,
    creation: body,
    data: { token, user, scopes, expiresAt },
    timeline: [{ at: world.now(), state: 'valid' }],
  })
  const shown = { user, id, kind: 'api_token', roles: [], scopes, note: body.note ?? 'Requested via api', token }
  const times = { created: hubTime(world.now()), expires_at: expiresAt === null ? null : hubTime(expiresAt) }
  return { status: 201, body: { ...shown, ...times, last_activity: null, session_id: null } }
}

/** The requested scopes, all of which the user must have; all of the user's scopes by default. */
function grantedScopes(requested: unknown, user: string): readonly string[] {
  if (!Array.isArray(requested)) return userScopes.map((scope) => `${scope}!user=${user}`)
  const scopes = requested.map(String)
  const missing = scopes.filter((scope) => !isHeld(scope, user))
  if (missing.length === 0) return scopes
  throw new HubError(400, `Not assigning requested scopes ${missing.join(',')} not held by User ${user}`)
}

/** Whether the user has the scope, possibly restricted to one of its servers. */
function isHeld(scope: string, user: string): boolean {
  const [name = '', filter = ''] = scope.split('!')
  return userScopes.includes(name) && (filter === `user=${user}` || filter.startsWith(`server=${user}/`))
}
