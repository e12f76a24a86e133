import type { ProviderResponse } from '../provider.ts'
import { requireScope } from './callers.ts'
import { forbidden, HubError, notFound } from './errors.ts'
import { userModel } from './models.ts'
import type { Execute } from './operation.ts'
import { majorOf } from './wire.ts'

/** Any of these permits reading every user; `servers` is shown only with the third. */
const readScopes = [
  'read:users',
  'read:users:name',
  'read:servers',
  'read:users:groups',
  'read:users:activity',
  'read:roles:users',
]
const maxPageSize = 200
const defaultPageSize = 50
const paginationType = 'application/jupyterhub-pagination+json'

const ok = (body: unknown): ProviderResponse => ({ status: 200, body })

/** The token's owner. The only call that distinguishes an unknown token ("Forbidden") from a missing scope. */
export const whoAmI: Execute = ({ store, caller }) => {
  if (caller === undefined) throw forbidden()
  const { kind, name } = caller
  const user = kind === 'user' ? store.users.get(name) : undefined
  const model =
    user === undefined ? { kind, name, admin: false } : userModel(store, user, { caller, withStopped: false })
  const tokenId = majorOf(store.settings) < 5 ? {} : { token_id: 'a1' }
  return ok({ ...model, ...tokenId, session_id: null, scopes: [...caller.scopes].sort() })
}

export const readUser: Execute = ({ store, caller, call, withStopped }) => {
  const name = call.params.user ?? ''
  requireScope(caller, readScopes, { user: name })
  const user = store.users.get(name)
  if (user === undefined || caller === undefined) throw notFound()
  return ok(userModel(store, user, { caller, withStopped }))
}

/** A plain list is truncated at its limit without notice; only the pagination media type has pages. */
export const listUsers: Execute = ({ store, caller, call, withStopped }) => {
  requireScope(caller, ['list:users'])
  if (caller === undefined) throw notFound()
  const offset = wholeNumber(call.query.get('offset'), 0)
  const limit = Math.min(wholeNumber(call.query.get('limit'), defaultPageSize), maxPageSize)
  const all = store.users.listed(call.listing)
  const items = all.slice(offset, offset + limit).map((user) => userModel(store, user, { caller, withStopped }))
  if (!(call.headers.accept ?? '').includes(paginationType)) return ok(items)
  const end = offset + limit
  const next = end < all.length ? { offset: end, limit, url: `/hub/api/users?offset=${end}&limit=${limit}` } : null
  return ok({ items, _pagination: { offset, limit, total: all.length, next } })
}

export const createUser: Execute = ({ store, caller, call, withStopped }) => {
  const name = call.params.user ?? ''
  requireScope(caller, ['admin:users'], { user: name })
  if (store.users.get(name) !== undefined) throw new HubError(409, `User ${name} already exists`)
  const user = store.addUser(name)
  if (caller === undefined) throw notFound()
  return { status: 201, body: userModel(store, user, { caller, withStopped }) }
}

function wholeNumber(given: string | null, fallback: number): number {
  if (given === null) return fallback
  if (!/^\d+$/.test(given)) throw new HubError(400, 'Invalid argument type, offset and limit must be integers')
  return Number(given)
}
