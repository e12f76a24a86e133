import type { Authenticate, Caller } from '../http/caller.ts'
import { Refusal } from '../vocabulary/refusal.ts'
import { isScope, type Scope } from '../vocabulary/scopes.ts'
import { hasHash, hashOfKey, idOfKey } from './api-key.ts'
import type { ApiKeysRepository } from './api-keys.repository.ts'
import { makeUnknownKeys } from './unknown-keys.ts'

/** How long a key that was good is believed without asking again, and how many are remembered. */
const believedMs = 5000
const mostRemembered = 10_000

/** Who somebody has proved to be. */
export interface Identity {
  subject: string
  projectId: string
  scopes: ReadonlySet<Scope>
  /** When the proof ends. */
  expiresAt: Date | null
}

/** A second way in beside API keys. Null for a text that is not its own; throws a Refusal for one that is not good. */
export type TokenVerifier = (token: string) => Promise<Identity | null>

interface Deps {
  keys: Pick<ApiKeysRepository, 'valid' | 'used'>
  verifyToken: TokenVerifier | null
  clock: { now(): Date; monotonicMs(): number }
  log: { warn(context: object, message: string): void }
}

/** `Authorization: Bearer …` with an API key or, where an issuer is configured, with its token. */
export function makeAuthenticate({ keys, verifyToken, clock, log }: Deps): Authenticate {
  const known = new Map<string, { identity: Identity; untilMs: number }>()
  const unknownKeys = makeUnknownKeys(clock)

  async function byKey(key: string, from: { address: string; wasGood: boolean }): Promise<Identity | null> {
    // What was good is asked for whoever sends nonsense beside it: behind a proxy all have one address.
    if (!from.wasGood) unknownKeys.refuseMore(from.address)
    const row = await keys.valid({ id: idOfKey(key), hash: hashOfKey(key) })
    if (row === null || !hasHash(key, row.hash)) {
      unknownKeys.count(from.address)
      return null
    }
    keys.used(row.id).catch((error: unknown) => log.warn({ err: error }, 'the last use of a key could not be noted'))
    return {
      subject: row.id,
      projectId: row.projectId,
      scopes: new Set(row.scopes.filter(isScope)),
      expiresAt: row.expiresAt,
    }
  }

  async function identify(secret: string, address: string): Promise<Identity | null> {
    const name = hashOfKey(secret).toString('base64')
    const remembered = known.get(name)
    if (remembered !== undefined && remembered.untilMs > clock.monotonicMs()) return remembered.identity
    const from = { address, wasGood: remembered !== undefined }
    const identity = (await verifyToken?.(secret)) ?? (await byKey(secret, from))
    if (identity === null) {
      known.delete(name)
      return null
    }
    const leftMs = identity.expiresAt === null ? believedMs : identity.expiresAt.getTime() - clock.now().getTime()
    if (known.size >= mostRemembered) known.clear()
    known.set(name, { identity, untilMs: clock.monotonicMs() + Math.min(believedMs, leftMs) })
    return identity
  }

  return async (request) => {
    const match = /^Bearer ([!-~]{1,8192})$/i.exec(request.headers.authorization ?? '')
    if (match?.[1] === undefined) {
      throw new Refusal('unauthenticated', 'Send your API key: Authorization: Bearer <key>.')
    }
    const identity = await identify(match[1], request.ip)
    if (identity === null)
      throw new Refusal(
        'unauthenticated',
        'This API key is not valid: unknown, expired or revoked. Check it, or ask for a new one.',
      )
    return callerOf(identity, request)
  }
}

function callerOf({ projectId, scopes, subject }: Identity, request: Parameters<Authenticate>[0]): Caller {
  return { projectId, scopes, by: { subject, address: request.ip, requestId: request.id } }
}
