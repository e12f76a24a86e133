import { isAllowed } from '../../../../src/vocabulary/transitions.ts'
import type { Write, Written } from '../../../../src/workloads/apply/writes.repository.ts'
import { asAttempt, type NewAttempt, type Opened } from '../../../../src/workloads/engine/attempts.repository.ts'
import type { Claimed, ClaimFacts } from '../../../../src/workloads/engine/leases.repository.ts'
import type { WorkloadKind } from '../../../../src/workloads/kind.ts'
import type { ClaimedSweep, SweepsRepository, Watched } from '../../../../src/workloads/sweep/sweeps.repository.ts'
import type { Attempt, Workload } from '../../../../src/workloads/workload.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Content and cause of an event; `attempt` if a create was committed. */
export interface RecordedEvent {
  seq: number
  by: 'client' | 'attempt' | 'engine'
  status: string
  reason?: string
}

/** Another record of the connection. */
export interface Neighbor {
  remoteId: string
  active: boolean
  dispatchedAt: Date | null
}

/**
 * One workload's rows with the rules of the SQL statements: who may write, what a late response may change, which due
 * time wins. Throws if a status is written that the transitions forbid.
 */
export interface MemoryTable {
  row: Workload
  readonly attempts: readonly Attempt[]
  readonly events: readonly RecordedEvent[]
  /** All statuses in order. */
  readonly statuses: readonly string[]
  conditions: Pick<
    ClaimFacts,
    'notBefore' | 'pauseReason' | 'environmentStatus' | 'environmentRemoteId' | 'environmentDesired'
  >
  sweepDueAt: number | null
  /** When a worker could process it; null = only after a wake-up. */
  claimableAt(): number | null
  claim(): { claimed: Claimed; facts: ClaimFacts }
  release(claimed: Claimed, delayMs: number): void
  open(opening: NewAttempt): Opened | null
  write(write: Write): Written
  requestAction(desired: Workload['desired']): void
  ownedByOthers(remoteIds: readonly string[]): ReadonlySet<string>
  readonly sweeps: SweepsRepository
}

const leaseMs = 4000
const ms = (date: Date) => date.getTime()

export function makeMemoryTable(
  first: Workload,
  { kind, time, neighbors }: { kind: WorkloadKind<never>; time: VirtualTime; neighbors: readonly Neighbor[] },
): MemoryTable {
  let row = first
  let leaseUntil: number | null = null
  let leases = 0
  let sweepLastMs = 0
  let rows = 0
  const attempts: Attempt[] = []
  const events: RecordedEvent[] = [{ seq: first.seq, by: 'client', status: first.status }]
  const statuses: string[] = [first.status]

  const tokens = new WeakMap<Workload, string>()
  /** Every change replaces the row object, so its identity is a version. */
  function tokenOf(read: Workload): string {
    const token = tokens.get(read) ?? `row-${++rows}`
    tokens.set(read, token)
    return token
  }

  /** A claim sets the due time to the end of its lease; any other time is a wake-up. */
  const isWoken = () => (row.dueAt === null ? null : ms(row.dueAt)) !== leaseUntil
  const isHeld = () => leaseUntil !== null && leaseUntil >= time.now()

  function changeStatus(to: Workload['status']): void {
    const { transitions } = kind as unknown as WorkloadKind<'job'>
    const from = row.status as 'queued'
    if (!isAllowed(transitions, from, to as 'queued')) throw new Error(`${from} → ${to} was written`)
    statuses.push(to)
  }

  /** Called after the row was written: its `seq` is the event's. */
  function recordEvent(by: RecordedEvent['by'], data: object | null): void {
    if (data === null) return
    const event: RecordedEvent = { seq: row.seq, by, ...(data as { status: string; reason?: string }) }
    const last = events.findLast((earlier) => earlier.by !== 'client')
    if (by === 'engine' && last?.status === event.status && last.reason === event.reason)
      throw new Error(`${event.status} was recorded twice`)
    events.push(event)
  }

  function mayWrite({ whereStatus, whereRow, whereLease, attemptResult: result }: Write): boolean {
    if (row.status !== whereStatus) return false
    if (whereRow !== null && tokenOf(row) !== whereRow) return false
    if (result?.outcome === 'not_created' && attempts.some(({ remoteId }) => remoteId !== null)) return false
    return whereLease === null ? row.leaseId === null || !isHeld() : row.leaseId === whereLease
  }

  function recordOutcome({ attemptResult: result }: Write, isLocked: boolean): void {
    const at = attempts.findIndex(({ number }) => number === result?.number)
    const attempt = attempts[at]
    if (result === null || attempt === undefined || !isNewResult(attempt, result.remoteId)) return
    const remoteId = attempt.remoteId ?? result.remoteId
    const endedAt = attempt.endedAt ?? time.date()
    const outcome = attempt.remoteId === null ? result.outcome : attempt.outcome
    attempts[at] = { ...attempt, outcome, endedAt, remoteId, error: result.error ?? attempt.error }
    if (!isLocked && remoteId !== null && row.remoteId === null && row.active) row = { ...row, dueAt: time.date() }
  }

  /** A job in an exclusive environment holds it until the job has ended. */
  function assertEnvironmentHeld({ state, active }: Write): void {
    const isUnderWay = active && state.status !== kind.waiting
    if (isUnderWay && state.exclusivityKey !== row.exclusivityKey) throw new Error('its environment was released')
  }

  function apply(item: Write): void {
    const { state, active, isVisible, event, wakesSweep } = item
    assertEnvironmentHeld(item)
    if (state.status !== row.status) changeStatus(state.status)
    if (!row.active && isVisible) throw new Error(`after the end ${row.status} something changed`)
    const wasWoken = isWoken() && row.dueAt !== null && ms(row.dueAt) <= time.now()
    const counted = { version: row.version + Number(isVisible), seq: row.seq + Number(event !== null) }
    row = { ...row, ...state, ...counted, active, leaseId: null, dueAt: wasWoken ? row.dueAt : state.dueAt }
    leaseUntil = null
    recordEvent('engine', event?.data ?? null)
    if (wakesSweep) table.sweepDueAt = Math.min(table.sweepDueAt ?? Number.POSITIVE_INFINITY, time.now())
  }

  const isDuplicate = ({ attemptResult: result }: Write): boolean =>
    result?.remoteId != null && row.remoteId !== null && result.remoteId !== row.remoteId

  const table: MemoryTable = {
    get row() {
      return row
    },
    set row(changed) {
      row = changed
    },
    attempts,
    events,
    statuses,
    conditions: {
      notBefore: null,
      pauseReason: null,
      environmentStatus: null,
      environmentRemoteId: null,
      environmentDesired: null,
    },
    sweepDueAt: null,

    claimableAt() {
      if (row.dueAt === null) return null
      return Math.max(ms(row.dueAt), leaseUntil === null ? 0 : leaseUntil + 1)
    },

    claim() {
      leases += 1
      const leaseId = `lease-${leases}`
      leaseUntil = time.now() + leaseMs
      row = { ...row, leaseId, dueAt: new Date(leaseUntil) }
      const facts = {
        ...table.conditions,
        ...{
          id: row.id,
          now: time.date(),
          connectionVersion: 1,
          connectionFailures: 0,
          hasLiveJobs: false,
          connectionHeld: false,
        },
        firstSentAt: attempts[0]?.startedAt ?? null,
        attemptsInDoubt: attempts.filter(({ outcome }) => outcome !== 'rejected' && outcome !== 'not_sent').length,
        attempt: attempts.find(({ remoteId }) => remoteId !== null) ?? attempts.at(-1) ?? null,
      }
      return { claimed: { workload: row, leaseId }, facts }
    },

    release({ leaseId }, delayMs) {
      if (row.leaseId !== leaseId) return
      row = { ...row, leaseId: null, dueAt: isWoken() ? row.dueAt : new Date(time.now() + delayMs) }
      leaseUntil = null
    },

    open({ leaseId, version, from, to, exclusivityKey, sendWithinMs, settleMs, before, event }) {
      if (row.leaseId !== leaseId || row.version !== version || isWoken() || row.remoteId !== null) return null
      if (row.status !== from && row.status !== to) return null
      if (row.status !== to) changeStatus(to as Workload['status'])
      const result = { reason: null, message: null, nextAttemptAt: null, exclusivityKey }
      leaseUntil = time.now() + leaseMs
      const renewed = { dueAt: new Date(leaseUntil), version: row.version + 1, seq: row.seq + 1 }
      row = { ...row, ...result, ...renewed, status: to as 'dispatching' }
      recordEvent('attempt', event.data)
      const sendBy = new Date(time.now() + sendWithinMs)
      const absenceConclusiveAt = new Date(time.now() + sendWithinMs + settleMs)
      const number = attempts.length + 1
      const opened = { number, startedAt: time.date(), sendBy, absenceConclusiveAt, version: row.version }
      attempts.push(asAttempt(opened, before))
      return opened
    },

    write(item) {
      const isLocked = mayWrite(item)
      recordOutcome(item, isLocked)
      if (isLocked) apply(item)
      const isDue = isLocked && row.dueAt !== null && ms(row.dueAt) <= time.now()
      return { isWritten: isLocked, isDue, isDuplicate: isDuplicate(item) }
    },

    requestAction(desired) {
      const generation = row.generation + 1
      row = { ...row, desired, generation, dueAt: time.date(), failures: 0, version: row.version + 1, seq: row.seq + 1 }
      recordEvent('client', { status: row.status })
    },

    ownedByOthers(remoteIds) {
      const owned = neighbors.filter(({ active, dispatchedAt }) => active || dispatchedAt !== null)
      return new Set(owned.map(({ remoteId }) => remoteId).filter((remoteId) => remoteIds.includes(remoteId)))
    },

    sweeps: {
      renew: async () => {},
      claimDue: async () => {
        table.sweepDueAt = time.now() + leaseMs
        const { notBefore, pauseReason } = table.conditions
        const at = {
          startedAt: time.date(),
          lastMs: sweepLastMs,
          leaseId: 'sweep',
          connectionVersion: 1,
          isHeld: false,
          hasFailed: false,
        }
        return [
          { connectionId: row.connectionId, kind: row.kind, notBefore, pauseReason, ...at } satisfies ClaimedSweep,
        ]
      },
      watched: async () => {
        const { remoteId, active } = row
        return remoteId === null || !active ? [] : [{ ...row, remoteId }]
      },
      unwatched: async () => [],
      unchanged: async (watched: readonly Watched[]) =>
        watched.some(({ version }) => version === row.version) && (row.leaseId === null || !isHeld())
          ? [{ workload: row, row: tokenOf(row) }]
          : [],
      finish: async (_sweep, { nextMs }) => {
        sweepLastMs = nextMs ?? 0
        table.sweepDueAt = nextMs === null ? null : time.now() + nextMs
      },
    },
  }
  return table
}

/** The outcome of an attempt is final unless the provider returns an object later. */
function isNewResult({ outcome, remoteId }: Attempt, result: string | null): boolean {
  return outcome === null || outcome === 'unknown' || (result !== null && result !== remoteId)
}
