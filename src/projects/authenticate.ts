import { createHash } from 'node:crypto'
import type { Authenticate, Caller } from '../http/caller.ts'
import { Refusal } from '../vocabulary/refusal.ts'
import type { ProjectsRepository } from './projects.repository.ts'

/** How long a key that was good is believed without asking again, and how many are remembered. */
const believedMs = 5000
const mostRemembered = 10_000

interface Deps {
  repository: Pick<ProjectsRepository, 'keyByHash'>
  clock: { monotonicMs(): number }
}

/** API keys as `Authorization: Bearer …`. Keys are looked up by their hash, so comparing takes no secret-dependent time. */
export function makeAuthenticate({ repository, clock }: Deps): Authenticate {
  const known = new Map<string, { caller: Caller; untilMs: number }>()

  async function lookUp(key: string): Promise<Caller | null> {
    const hash = createHash('sha256').update(key).digest()
    const name = hash.toString('base64')
    const remembered = known.get(name)
    if (remembered !== undefined && remembered.untilMs > clock.monotonicMs()) return remembered.caller
    known.delete(name)
    const row = await repository.keyByHash(hash)
    if (row === null) return null
    const caller = { projectId: row.projectId, keyId: row.id }
    if (known.size >= mostRemembered) known.clear()
    known.set(name, { caller, untilMs: clock.monotonicMs() + believedMs })
    return caller
  }

  return async (request) => {
    const match = /^Bearer ([!-~]{1,512})$/i.exec(request.headers.authorization ?? '')
    if (match?.[1] === undefined) {
      throw new Refusal('unauthenticated', 'Send your API key: Authorization: Bearer <key>.')
    }
    const caller = await lookUp(match[1])
    if (caller === null) throw new Refusal('unauthenticated', 'This API key is not known. Check it, or make a new one.')
    return caller
  }
}
