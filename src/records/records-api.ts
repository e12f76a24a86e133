import type { EventsRepository, FollowedEvents } from '../events/events.repository.ts'
import { untilTick } from '../events/waiters.ts'
import type { Driver } from '../providers/driver.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { isTerminal } from '../vocabulary/transitions.ts'
import { noSuch, type Target, type WorkloadService } from '../workloads/actions/workload-service.ts'
import type { AttemptsRepository } from '../workloads/engine/attempts.repository.ts'
import type { WorkloadKind } from '../workloads/kind.ts'
import type { Workload } from '../workloads/workload.ts'
import type { ReadFollowed } from './followed-events.ts'
import { filterOf, type ListParameters } from './list-query.ts'
import { readUntil } from './long-poll.ts'
import { attemptViewOf, eventViewOf, remoteViewOf, viewOf } from './record.view.ts'
import type { Rereads } from './rereads.ts'

export interface RecordsApiDeps<K extends Kind> {
  kind: WorkloadKind<K>
  service: WorkloadService
  events: Pick<EventsRepository, 'of'>
  readFollowed: ReadFollowed
  rereads: Rereads
  attempts: Pick<AttemptsRepository, 'ledger'>
  wait(workloadId: string, ms: number, signal: AbortSignal): Promise<boolean>
  clock: { monotonicMs(): number }
  driverOf(connectionId: string, kind: K): Promise<Driver<K> | undefined>
  /** Currently allowed actions. */
  actionsOf(workload: Workload<K>, driver: Driver<K> | undefined): readonly string[]
}

interface Query extends ListParameters {
  order?: 'asc' | 'desc'
}

/** A page of a list whose entries are numbered from 1. */
interface Numbered {
  after: number
  limit: number
}

/** What the record routes need of one kind of workload. */
export function makeRecordsApi<K extends Kind>(deps: RecordsApiDeps<K>) {
  const { kind, service, events, attempts, rereads, readFollowed } = deps
  return {
    get: (projectId: string, id: string) => service.get(kind.name, projectId, id),
    list: (
      projectId: string,
      { order = 'desc', ...query }: Query,
      page: { after: { id: string; name?: string } | null; limit: number },
    ) => service.list<K>({ projectId, kind: kind.name, filter: filterOf(query), order, ...page }),
    patch: (target: Target, patch: Parameters<WorkloadService['patch']>[2]) => service.patch(kind.name, target, patch),
    async view(workload: Workload<K>, view: 'basic' | 'full') {
      const driver = await deps.driverOf(workload.connectionId, kind.name)
      return viewOf(workload, deps.actionsOf(workload, driver), view)
    },
    isSettled: (workload: Workload<K>) =>
      isTerminal(kind.transitions, workload.status) ||
      (kind.settled.includes(workload.status) && workload.generation === workload.observedGeneration),
    readUntil: (
      projectId: string,
      id: string,
      isReady: (workload: Workload<K>) => boolean,
      wait: { waitMs: number; signal: AbortSignal },
    ) =>
      readUntil(
        {
          async read(last) {
            const workload = await rereads.read({ projectId, kind: kind.name, id }, last)
            if (workload === null) throw noSuch(kind.name, id)
            return workload
          },
          wait: (ms, signal) => deps.wait(id, ms, signal),
          clock: deps.clock,
        },
        isReady,
        wait,
      ),
    follow: (projectId: string, id: string) => ({
      async read(after: number) {
        const found = await readFollowed({ projectId, kind: kind.name, id, after })
        if (found === null) throw noSuch(kind.name, id)
        return readingOf(found, after)
      },
      wait: (ms: number, signal: AbortSignal) => deps.wait(id, untilTick(deps.clock, ms), signal),
      clock: deps.clock,
    }),
    events: async (projectId: string, id: string, page: Numbered) =>
      (await events.of(projectId, id, page)).map(eventViewOf),
    attempts: async (_projectId: string, id: string, page: Numbered) =>
      (await attempts.ledger(id, page)).map(attemptViewOf),
    remote: remoteViewOf,
  }
}

export type RecordsApi<K extends Kind> = ReturnType<typeof makeRecordsApi<K>>

/** A finished record gets no more events. */
function readingOf({ events, isFull, hasEnded }: FollowedEvents, after: number) {
  return {
    messages: events.map((event) => ({ id: event.seq, data: eventViewOf(event) })),
    position: events.at(-1)?.seq ?? after,
    isFull,
    isBehind: false,
    isOver: hasEnded && !isFull,
  }
}
