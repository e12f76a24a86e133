import type { Call, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { Collection } from '../world.ts'
import { isLeaseDuration, notebookLease } from './environment-fields.ts'
import { extended } from './lifecycle.ts'
import { leaseView } from './notebook-view.ts'
import { Rejection } from './rejections.ts'
import { wrongValue } from './rules.ts'
import { type Definition, ok, type ProjectObjects, type ServiceParts } from './service.ts'
import type { Lease, ModelartsAccount, NotebookData, NotebookRequest } from './wire.ts'

const defaultLeaseMs = 3_600_000

export interface NotebookParts extends ServiceParts {
  notebooks: Collection<NotebookData>
  objects: ProjectObjects<NotebookData>
}

type LeaseRequest = { duration?: number; type?: string }

/** Reading and prolonging the time after which a notebook stops. */
export function leaseOperations(parts: NotebookParts, item: string): Definition[] {
  return [
    {
      name: 'notebooks.getLease',
      method: 'GET',
      path: `${item}/lease`,
      execute: (caller, { params }) => ok(leaseView(parts.objects.find(caller, params.notebookId).data.lease)),
    },
    {
      name: 'notebooks.prolong',
      method: 'PATCH',
      path: `${item}/lease`,
      fields: notebookLease,
      isBodyOptional: true,
      execute: (caller, call, body: LeaseRequest) => prolong(parts, caller, call, body),
    },
  ]
}

export function lifecycleInputOf({ request, lease }: Pick<NotebookData, 'request' | 'lease'>) {
  return {
    texts: [request.name, request.description],
    runForMs: lease.durationMs === -1 ? null : lease.durationMs,
  }
}

/** The duration next to the lease overrides the one inside it. */
export function newLease(request: NotebookRequest, now: number): Lease {
  const durationMs = leaseDuration(request.duration ?? request.lease?.duration ?? defaultLeaseMs)
  return { createdAt: now, updatedAt: now, durationMs, type: (request.lease?.type ?? 'TIMING').toUpperCase() }
}

function prolong(parts: NotebookParts, caller: ModelartsAccount, call: Call, body: LeaseRequest): ProviderResponse {
  const { world, settings, notebooks, objects } = parts
  const now = world.now()
  const { id, data, timeline } = objects.find(caller, call.params.notebookId)
  const { state } = momentAt(timeline, now)
  if (state !== 'RUNNING')
    throw new Rejection(400, '6327', 'The instance is not in running. Please refresh the page and start it.')
  const lease = renewed(data.lease, call.query, body, now)
  const next = { ...data, lease, updatedAt: now }
  notebooks.change(id, { data: next, timeline: extended(timeline, now, lifecycleInputOf(next), settings) })
  return ok(leaseView(lease))
}

export function renewed(lease: Lease, query: URLSearchParams, body: LeaseRequest, now: number): Lease {
  const stated = query.get('duration')
  const durationMs = leaseDuration(stated === null ? (body.duration ?? defaultLeaseMs) : Number(stated))
  const type = (query.get('type') ?? body.type ?? lease.type).toUpperCase()
  if (type !== 'TIMING' && type !== 'IDLE') throw wrongValue('type')
  return { ...lease, durationMs, type, updatedAt: now }
}

function leaseDuration(durationMs: number): number {
  if (!isLeaseDuration(durationMs)) throw wrongValue('duration')
  return durationMs
}
