import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { CreationHold, CreationHoldsRepository, HoldScope } from './creation-holds.repository.ts'
import { wakeHeld } from './wake-held.ts'

interface Deps {
  repository: CreationHoldsRepository
  providerIds: readonly string[]
  /** The rest is woken by workers. */
  onWakeFailure(error: unknown, holdId: string): void
}

interface Caller {
  by: Actor
  projectId: string
}

export type CreationHolds = ReturnType<typeof makeCreationHolds>

/** Holds of new creates, for administrators. They apply from their commit to all processes, and survive restarts. */
export function makeCreationHolds({ repository, providerIds, onWakeFailure }: Deps) {
  async function get(id: string): Promise<CreationHold> {
    const hold = await repository.get(id)
    if (hold === null) throw noHold(id)
    return hold
  }

  return {
    get,
    list: repository.list,

    async create(scope: HoldScope & { note: string }, { by, projectId }: Caller): Promise<CreationHold> {
      await rejectMissing(scope)
      const hold = { id: makeId('creationHold'), ...scope, by, callerProjectId: projectId }
      // A hold with the same scope that was released meanwhile is no obstacle.
      const created = (await repository.insert(hold)) ?? (await repository.insert(hold))
      if (created === null) throw new ApiError('conflict', 'A hold with the same scope was just released. Try again.')
      if (typeof created === 'object') return created
      const detail = `Hold ${created} has the same scope. Use it, or release it first: DELETE /creation-holds/{id}.`
      throw new ApiError('conflict', detail)
    },

    /** Repeatable. Resolves once the waiting workloads are due. */
    async release(id: string, { by, projectId }: Caller): Promise<CreationHold> {
      const released = await repository.release(id, by, projectId)
      if (released === null) throw noHold(id)
      await wakeHeld(repository, id).catch((error: unknown) => onWakeFailure(error, id))
      return released
    },
  }

  async function rejectMissing(scope: HoldScope): Promise<void> {
    const { provider, connectionId, projectId } = scope
    if (provider === null && connectionId === null && projectId === null) throw emptyScope()
    if (provider !== null && !providerIds.includes(provider))
      throw missing('provider', `There is no provider ${provider}. Providers: ${providerIds.join(', ')}.`)
    const { connection, project, canMatch } = await repository.exists(scope)
    if (!connection) throw missing('connectionId', `There is no connection ${connectionId}.`)
    if (!project) throw missing('projectId', `There is no project ${projectId}. See GET /projects.`)
    if (!canMatch) throw unmatched(scope)
  }
}

function missing(field: string, detail: string): ApiError {
  return new ApiError('unprocessable', detail, {
    errors: [{ in: 'body', pointer: `/${field}`, code: 'not_found', detail }],
  })
}

function unmatched({ provider, connectionId, projectId }: HoldScope): ApiError {
  const others = [provider, projectId].filter((part) => part !== null).join(' and ')
  const detail = `Connection ${connectionId} is not of ${others}, so the hold would apply to nothing. Send \`connectionId\` alone, or correct it.`
  return new ApiError('unprocessable', detail, {
    errors: [{ in: 'body', pointer: '/connectionId', code: 'not_found', detail }],
  })
}

function emptyScope(): ApiError {
  const detail =
    'The body names nothing to hold. Send `provider`, `connectionId` or `projectId`; all that are sent must match.'
  return new ApiError('invalid_request', detail, {
    errors: [{ in: 'body', pointer: '', code: 'required', detail }],
  })
}

function noHold(id: string): ApiError {
  return new ApiError('not_found', `There is no hold ${id}. See GET /creation-holds.`)
}
