import { objectApiError } from '../../connections/provider-api-error.ts'
import type { Driver } from '../../providers/driver.ts'
import type { Intent } from '../../providers/intent.ts'
import type { Found } from '../../providers/observation.ts'
import { ProviderError } from '../../providers/provider-error.ts'
import { type Hide, hideInError } from '../../secrets/redact-secrets.ts'
import type { OpenSecrets } from '../../secrets/secret-variables.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { AttentionItem, AttentionRepository } from '../store/attention.repository.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import type { CandidateFactsRepository } from './candidate-facts.repository.ts'
import { noAttention } from './resolve-attention.ts'

/** An object at the provider that may be the one that an open create has made. */
export interface Candidate {
  remoteId: string
  remoteName: string | null
  state: string
  /** Whether it carries the correlation tag of the workload. */
  hasTag: boolean
  /** Whether another record holds or held it. */
  isOwned: boolean
}

export interface CandidateSearch {
  item: AttentionItem
  candidates: readonly Candidate[]
  /** Whether the whole list was read, so that an object that is missing here does not exist. */
  isComplete: boolean
  /** Why the search is not conclusive. */
  message: string | null
}

interface Deps {
  attention: Pick<AttentionRepository, 'get'>
  reads: Pick<ReadsRepository, 'get' | 'ownersOf'>
  facts: CandidateFactsRepository
  driverOf<K extends Kind>(connectionId: string, kind: K): Promise<Driver<K> | undefined>
  secretsOf: OpenSecrets['of']
  dispatchingStatusOf(kind: Kind): string
  callTimeoutMs: number
}

export type FindCandidates = ReturnType<typeof makeFindCandidates>

/** Maximum number of candidates in a response. */
const maxCandidates = 100

/** Searches the provider for the object of an open create, as the engine does. Changes nothing. */
export function makeFindCandidates(deps: Deps) {
  return async function findCandidates(id: string): Promise<CandidateSearch> {
    const item = await deps.attention.get(id)
    if (item === null) throw noAttention(id)
    if (!item.isCreateOpen)
      throw new ApiError('conflict', `${id} has no open create, so there is no object to search for.`)
    const workload = await deps.reads.get(item.projectId, item.kind, id)
    if (workload === null) throw noAttention(id)
    return { item, ...(await search(deps, workload)) }
  }
}

async function search(deps: Deps, workload: Workload): Promise<Omit<CandidateSearch, 'item'>> {
  const { hide } = await deps.secretsOf(workload)
  try {
    const found = await foundBy(deps, workload)
    if (found === undefined) return none('The search did not cover this correlation tag.')
    if ('inconclusive' in found) return none(hide.text(found.inconclusive))
    if ('absent' in found) return { candidates: [], isComplete: true, message: null }
    return {
      candidates: await candidatesOf(deps, workload, found.found, hide),
      isComplete: found.isComplete,
      message: null,
    }
  } catch (error) {
    throw error instanceof ProviderError ? objectApiError(workload.provider, hideInError(hide, error)) : error
  }
}

function none(message: string): Omit<CandidateSearch, 'item'> {
  return { candidates: [], isComplete: false, message }
}

async function foundBy<K extends Kind>(deps: Deps, workload: Workload<K>): Promise<Found<K> | undefined> {
  const driver = await deps.driverOf(workload.connectionId, workload.kind)
  if (driver === undefined)
    throw new ApiError('unavailable', `Connection ${workload.connectionId} cannot be opened. Check its settings.`)
  const { environmentRemoteId, before, firstSentAt } = await deps.facts.of(workload.id)
  const intent: Intent<K> = {
    correlationTag: workload.correlationTag,
    spec: workload.spec,
    ...{ environmentRemoteId, before, firstSentAt },
    sendBy: { at: firstSentAt, monotonicMs: 0 },
  }
  return (await driver.find([intent], AbortSignal.timeout(deps.callTimeoutMs))).get(workload.correlationTag)
}

async function candidatesOf(
  { reads, dispatchingStatusOf }: Deps,
  workload: Workload,
  found: Extract<Found, { found: unknown }>['found'],
  hide: Hide,
): Promise<Candidate[]> {
  const shown = found.slice(0, maxCandidates)
  const ids = shown.map(({ remoteId }) => remoteId)
  const { owned } = await reads.ownersOf(workload, ids, dispatchingStatusOf(workload.kind))
  return shown.map(({ remoteId, remoteName, rawState, correlationTag }) => ({
    remoteId,
    remoteName: remoteName === undefined ? null : hide.text(remoteName),
    state: hide.text(rawState),
    hasTag: correlationTag === workload.correlationTag,
    isOwned: owned.has(remoteId),
  }))
}
