import type { CandidateSearch } from '../workloads/actions/candidates.ts'
import type { Resolution } from '../workloads/actions/resolve.ts'
import { problemWith, type ResolvedItem } from '../workloads/actions/resolve-attention.ts'
import type { AttentionItem, LastAttempt } from '../workloads/store/attention.repository.ts'
import { commandOf } from './resolve-command.ts'

/** A request that resolves a workload, ready to be sent. */
export interface ResolveCall {
  description: string
  method: 'POST'
  path: string
  /** `<remote id>` stands for the id of the object, which only the provider shows. */
  body: Resolution
  command: string
  /** Rejected before this time. */
  possibleFrom?: string
}

export const remoteIdPlaceholder = '<remote id>'

export function attentionViewOf(item: AttentionItem) {
  return {
    ...{ id: item.id, kind: item.kind, projectId: item.projectId, provider: item.provider },
    ...{ connectionId: item.connectionId, name: item.name, state: item.state, status: item.status },
    ...given({ statusReason: item.reason, statusMessage: item.message, code: item.code }),
    ...{
      since: item.since.toISOString(),
      createdAt: item.createdAt.toISOString(),
      correlationTag: item.correlationTag,
    },
    ...given({ remoteId: item.remoteId, remoteState: item.remoteState, error: item.error }),
    ...given({ lastProviderCall: lastCallOf(item) }),
    attempts: item.attempts,
    ...(item.lastAttempt === null ? {} : { lastAttempt: lastAttemptOf(item.lastAttempt) }),
    calls: callsOf(item),
  }
}

export function candidatesViewOf({ item, candidates, isComplete, message }: CandidateSearch) {
  return {
    id: item.id,
    correlationTag: item.correlationTag,
    isComplete,
    ...given({ message }),
    candidates: candidates.map(({ remoteName, ...candidate }) => ({ ...candidate, ...given({ remoteName }) })),
    calls: [
      ...candidates.flatMap(({ remoteId, isOwned }) =>
        isOwned ? [] : [callOf(item, `The object is ${remoteId}.`, { remoteId })],
      ),
      ...possible(item, [notCreated, retry]),
    ],
  }
}

export function resolvedViewOf({ item, result, detail }: ResolvedItem) {
  const { id, kind, projectId, provider, state } = item
  return { ...{ id, kind, projectId, provider, state, result }, ...given({ detail }) }
}

type Choice = readonly [description: string, resolution: Resolution]

const found: Choice = ['The object exists at the provider: give its id.', { remoteId: remoteIdPlaceholder }]
const notCreated: Choice = ['Nothing was created; the create is sent again.', { outcome: 'not_created' }]
const retry: Choice = ['Process it again: an open create is searched for first.', { outcome: 'retry' }]
const ended = (['succeeded', 'failed', 'canceled'] as const).map(
  (status): Choice => [`The job has ${status === 'canceled' ? 'been canceled' : status}.`, { status }],
)

function callsOf(item: AttentionItem): ResolveCall[] {
  return possible(item, [found, notCreated, retry, ...ended])
}

function possible(item: AttentionItem, choices: readonly Choice[]): ResolveCall[] {
  return choices.flatMap(([description, resolution]) => {
    const problem = problemWith(item, resolution)
    if (problem?.result === 'not_applicable') return []
    const from = problem === null ? null : item.absenceConclusiveAt
    return [
      { ...callOf(item, description, resolution), ...(from === null ? {} : { possibleFrom: from.toISOString() }) },
    ]
  })
}

function callOf({ id }: AttentionItem, description: string, body: Resolution): ResolveCall {
  return { description, method: 'POST', path: `/attention/${id}/resolve`, body, command: commandOf(id, body) }
}

/** The latest call to the provider that the record knows of. */
function lastCallOf({ lastAttempt, observedAt, lastActionAt, error }: AttentionItem) {
  const calls = [
    ...(lastAttempt === null
      ? []
      : [{ operation: 'create', at: lastAttempt.endedAt ?? lastAttempt.startedAt, failure: lastAttempt.error }]),
    ...(observedAt === null ? [] : [{ operation: 'read', at: observedAt, failure: null }]),
    ...(lastActionAt === null ? [] : [{ operation: 'action', at: lastActionAt, failure: error }]),
  ]
  const [last] = calls.toSorted((a, b) => b.at.getTime() - a.at.getTime())
  if (last === undefined) return null
  return { operation: last.operation, at: last.at.toISOString(), ...given({ error: last.failure }) }
}

function lastAttemptOf({ number, startedAt, endedAt, outcome, remoteId, error }: LastAttempt) {
  const end = endedAt === null ? null : endedAt.toISOString()
  return { number, startedAt: startedAt.toISOString(), ...given({ endedAt: end, outcome, remoteId, error }) }
}

function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
