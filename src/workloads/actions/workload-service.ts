import type { Driver } from '../../providers/driver.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError, versionMismatch } from '../../vocabulary/api-error.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Action, Desired, Kind } from '../../vocabulary/kinds.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import type { WorkloadKind, WorkloadKinds } from '../kind.ts'
import type { ChangeNotifier } from '../ports.ts'
import type { ListQuery, Page } from '../store/list-filter.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import { isRequested, type Workload } from '../workload.ts'
import type { ActionEvent, DesiredStateRepository } from './desired-state.repository.ts'
import { requiredStatusFor } from './required-status.ts'
import { type SpecUpdate, updateSpec } from './update.ts'

/** The record that a request addresses, and its caller. */
export interface Target {
  projectId: string
  by: Actor
  id: string
  /** `If-Match`: the versions that the client accepts. */
  ifVersions: readonly number[] | null
}

/** Body of PATCH: a null label is removed, null instead of labels removes all; the rest belongs to the spec. */
export type WorkloadPatch = { labels?: Record<string, string | null> | null; held?: boolean } & SpecUpdate

/** The engine may write between a read and a patch. */
const patchTries = 8

export interface WorkloadServiceDeps {
  kinds: WorkloadKinds
  reads: ReadsRepository
  desiredStates: DesiredStateRepository
  /** The driver of an open connection; undefined if the connection can no longer be opened. */
  driverOf<K extends Kind>(connectionId: string, kind: K): Promise<Driver<K> | undefined>
  hint(connectionId: string): void
  notifier: ChangeNotifier
}

export type WorkloadService = ReturnType<typeof makeWorkloadService>

/** Reads workloads and records action requests. Every call is limited to a project. */
export function makeWorkloadService(deps: WorkloadServiceDeps) {
  const { reads, desiredStates } = deps

  async function get<K extends Kind>(kind: K, projectId: string, id: string): Promise<Workload<K>> {
    const workload = await reads.get(projectId, kind, id)
    if (workload === null) throw noSuch(kind, id)
    return workload
  }

  return {
    get,

    list: <K extends Kind>(query: ListQuery & { kind: K }): Promise<Page<Workload<K>>> => reads.list(query),

    /** Changes labels and the mutable fields of the spec. */
    async patch<K extends Kind>(kind: K, target: Target, patch: WorkloadPatch): Promise<Workload<K>> {
      for (let left = patchTries; ; left -= 1) {
        const current = await get(kind, target.projectId, target.id)
        requireVersion(current, target.ifVersions)
        const changed = await patchAt(deps, kind, { current, by: target.by }, patch)
        if (changed !== null) return changed
        // The merge is valid for one version only; without `If-Match` it is repeated on the next one.
        if (target.ifVersions !== null || left <= 1)
          throw await conflictOf(deps, kind, { ...target, ifVersions: [current.version] })
      }
    },

    /**
     * Records an action request; the engine executes it. Idempotent: a repeat, or a request to a finished workload,
     * returns the record unchanged.
     */
    async requestAction<K extends Kind>(
      kind: K,
      target: Target,
      requestAction: { desired: Desired<K>; action: Action<K>; eventType: ActionEvent; keepRemote?: boolean },
    ): Promise<Workload<K>> {
      const current = await get(kind, target.projectId, target.id)
      requireVersion(current, target.ifVersions)
      if (
        isTerminal(deps.kinds[kind].transitions, current.status) ||
        isAlreadyRequested(deps.kinds[kind], current, requestAction)
      )
        return current
      const fromStatuses = await statusesFor(deps, kind, current, requestAction)
      const { action: _, ...request } = requestAction
      const { cancelingRequests: finalDesires } = deps.kinds[kind]
      const changed = await desiredStates.requestAction<K>({ ...target, ...request, kind, fromStatuses, finalDesires })
      if (changed === null) return endedMeanwhile(deps, kind, target)
      deps.notifier.changed([changed.projectId, changed.id])
      deps.hint(changed.connectionId)
      return changed
    },
  }
}

async function patchAt<K extends Kind>(
  { desiredStates, notifier, hint, driverOf }: WorkloadServiceDeps,
  kind: K,
  { current, by }: { current: Workload<K>; by: Actor },
  { labels, held, ...revision }: WorkloadPatch,
): Promise<Workload<K> | null> {
  const { projectId, id, version } = current
  const spec =
    Object.keys(revision).length === 0
      ? null
      : updateSpec(current, revision, await driverOf(current.connectionId, kind))
  const changed = await desiredStates.patch<K>({
    ...{ projectId, by, kind, id, ifVersions: [version] },
    ...(held === undefined ? {} : { held }),
    ...(labels === undefined ? {} : { labels: labels === null ? {} : merged(current.labels, labels) }),
    ...(spec === null ? {} : { spec: { value: spec.spec as Json, isRemote: spec.isRemote } }),
  })
  if (changed !== null) notifier.changed([projectId, id])
  if (changed !== null && (spec?.isRemote === true || held === false)) hint(current.connectionId)
  return changed
}

/** @throws if the action is not supported in the current status */
async function statusesFor<K extends Kind>(
  deps: WorkloadServiceDeps,
  kind: K,
  current: Workload<K>,
  { action, keepRemote }: { action: Action<K>; keepRemote?: boolean },
): Promise<readonly string[] | null> {
  if (keepRemote === true) return null
  const required = requiredStatusFor(action, await deps.driverOf(current.connectionId, kind), deps.kinds[kind])
  if (required === null) return null
  if (current.status !== required) throw unsupportedAction(current, action)
  return [required]
}

/** Whether the action is in progress or done. */
function isAlreadyRequested<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  { desired, action }: { desired: Desired<K>; action: Action<K> },
): boolean {
  if (isRequested(workload, desired, kind.inFlight[action])) return true
  return workload.desired === desired && workload.status === kind.targetStatus[action]
}

/** A request that was not recorded: returns the workload if it has ended since it was read. */
async function endedMeanwhile<K extends Kind>(
  deps: WorkloadServiceDeps,
  kind: K,
  target: Target,
): Promise<Workload<K>> {
  const now = await deps.reads.get(target.projectId, kind, target.id)
  if (now === null || now.active) throw await conflictOf(deps, kind, target)
  requireVersion(now, target.ifVersions)
  return now
}

/** Why a write changed nothing: deleted, changed meanwhile, canceled, or in another status. */
async function conflictOf<K extends Kind>(
  { reads, kinds }: WorkloadServiceDeps,
  kind: K,
  { projectId, id, ifVersions }: Target,
): Promise<ApiError> {
  const now = await reads.get(projectId, kind, id)
  if (now === null) return noSuch(kind, id)
  if (ifVersions !== null && !ifVersions.includes(now.version)) return mismatch(now.version)
  const isCanceledBeforeDispatch = kinds[kind].cancelingRequests.includes(now.desired)
  const what = isCanceledBeforeDispatch ? `${now.status}, and asked to ${now.desired}` : `${now.status} now`
  return new ApiError('conflict', `${id} is ${what}. Re-read the resource before the next request.`)
}

/** Checks `If-Match` before anything is done. */
export function requireVersion(workload: Workload, ifVersions: readonly number[] | null): void {
  if (ifVersions !== null && !ifVersions.includes(workload.version)) throw mismatch(workload.version)
}

function mismatch(version: number): ApiError {
  return versionMismatch(`The record is at version ${version}`)
}

export function noSuch(kind: Kind, id: string): ApiError {
  return new ApiError('not_found', `There is no ${kind} ${id} in this project. See GET /${kind}s.`)
}

function unsupportedAction(workload: Workload, action: string): ApiError {
  const detail = `Provider ${workload.provider} does not support ${action} for a ${workload.kind}. See GET /providers/${workload.provider}.`
  return new ApiError('unsupported', detail, { errors: [{ in: 'path', pointer: action, code: 'unsupported', detail }] })
}

function merged(
  labels: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const all = { ...labels, ...patch }
  const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
  if (kept.length > 32) {
    const detail = `labels would have ${kept.length} entries; the maximum is 32. Set some to null to remove them.`
    throw new ApiError('unprocessable', detail, {
      errors: [{ in: 'body', pointer: '/labels', code: 'maxProperties', detail }],
    })
  }
  return Object.fromEntries(kept)
}
