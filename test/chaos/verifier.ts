import type { FeedEvent } from './follower.ts'
import type { Submission } from './load.ts'

/** A record in Postgres at the end. */
export interface RecordRow {
  id: string
  kind: 'job' | 'environment'
  provider: string
  correlationTag: string
  status: string
  reason: string | null
  desired: string
  active: boolean
  remoteId: string | null
  /** Whether it waits for an operator. */
  isParked: boolean
  /** Whether it is finished or in its desired state. */
  isSettled: boolean
}

/** An object that a sandbox provider ever created, including deleted ones. */
export interface RemoteObject {
  provider: string
  id: string
  /** Null = not created by Switchyard. */
  correlationTag: string | null
  isDeleted: boolean
  /** Whether it has not ended and so causes costs. */
  isActive: boolean
}

export interface VerifierInput {
  submissions: readonly Pick<Submission, 'key' | 'provider' | 'ids'>[]
  rows: readonly RecordRow[]
  objects: readonly RemoteObject[]
  /** Ids of the seeded undecidable cases. */
  undecidable: readonly string[]
  /** Findings of `doctor`. */
  violations: readonly { check: string; workloadId: string; detail: string }[]
  /** Recorded events, events received by a streaming client, and events accepted by a webhook endpoint. */
  feed: { written: readonly FeedEvent[]; streamed: readonly FeedEvent[]; posted: readonly FeedEvent[] }
}

export const faultNames = ['duplicates', 'lost', 'stuck', 'orphans', 'wronglyParked', 'unsound', 'mistold'] as const
export type FaultName = (typeof faultNames)[number]

export interface Tally extends Record<FaultName, number> {
  accepted: number
  settled: number
  parked: number
}

export interface Finding {
  fault: FaultName
  provider: string
  detail: string
}

export interface Verdict {
  byProvider: Record<string, Tally>
  findings: Finding[]
  isClean: boolean
}

/**
 * Compares the responses to clients, the records in Postgres and the objects at the providers. Pure.
 *
 * - duplicates: two objects with one correlation tag, one key with two records, or a record that no client received
 * - lost: an accepted record that does not exist; a record reported as never created or gone although its object exists;
 *   a record of an object that never existed; a record that finished without an object and was not canceled
 * - stuck: neither settled nor parked
 * - orphans: a tagged object without a record, or one that continues after its record finished
 * - unsound: `doctor` found a violation in the database
 * - mistold: an event that a streaming client missed, received twice or out of order, or that no webhook received
 */
export function verify(input: VerifierInput): Verdict {
  const byTag = Map.groupBy(
    input.objects.filter(({ correlationTag }) => correlationTag !== null),
    ({ correlationTag }) => correlationTag,
  )
  const exempt = new Set(input.undecidable)
  const findings = [
    ...checkSubmissions(input),
    ...input.rows
      .filter(({ id }) => !exempt.has(id))
      .flatMap((row) => checkRow(row, byTag.get(row.correlationTag) ?? [])),
    ...checkUndecidable(input),
    ...checkUnknownObjects(input),
    ...checkDatabase(input),
    ...checkEvents(input),
  ]
  return { byProvider: tally(input, findings), findings, isClean: findings.length === 0 }
}

/** Each key has one record, and each record was returned to a client. */
function checkSubmissions({ submissions, rows }: VerifierInput): Finding[] {
  const known = new Set(rows.map(({ id }) => id))
  const returned = new Set(submissions.flatMap(({ ids }) => ids))
  return [
    ...submissions.flatMap(({ key, provider, ids }): Finding[] => [
      ...(ids.length > 1 ? [{ fault: 'duplicates' as const, provider, detail: `key ${key} returned ${ids}` }] : []),
      ...ids
        .filter((id) => !known.has(id))
        .map((id) => ({ fault: 'lost' as const, provider, detail: `${id} was returned and is not recorded` })),
    ]),
    ...rows
      .filter(({ id }) => !returned.has(id))
      .map(({ id, provider }) => ({ fault: 'duplicates' as const, provider, detail: `no client received ${id}` })),
  ]
}

type Report = (fault: FaultName, detail: string) => Finding

function checkRow(row: RecordRow, objects: readonly RemoteObject[]): Finding[] {
  const { provider } = row
  const report: Report = (fault, detail) => ({ fault, provider, detail: `${describe(row)}: ${detail}` })
  const findings: Finding[] = []
  if (objects.length > 1)
    findings.push(report('duplicates', `objects ${objects.map(({ id }) => id)} have its correlation tag`))
  if (row.isParked) findings.push(report('wronglyParked', 'parked unnecessarily'))
  else if (!row.isSettled) findings.push(report('stuck', 'neither settled nor parked'))
  const own = objects.find(({ id }) => hasRemoteId(id, row.remoteId))
  const [other] = objects.filter(({ id, isDeleted }) => !hasRemoteId(id, row.remoteId) && !isDeleted)
  if (row.remoteId === null && row.isSettled) findings.push(...checkNeverCreated(row, other, report))
  if (row.remoteId !== null && own === undefined) findings.push(report('lost', `object ${row.remoteId} never existed`))
  if (row.remoteId !== null && other !== undefined)
    findings.push(report('orphans', `${other.id} has its correlation tag and no owner`))
  if (own !== undefined && !own.isDeleted && !row.active) findings.push(...checkFinished(row, own, report))
  return findings
}

/** No request of a run is rejected permanently, so only canceled workloads may end without an object. */
function checkNeverCreated(row: RecordRow, other: RemoteObject | undefined, report: Report): Finding[] {
  if (other !== undefined) return [report('lost', `is reported as never created, but ${other.id} exists`)]
  return row.desired === 'cancel' || row.desired === 'delete' ? [] : [report('lost', 'not canceled, but never created')]
}

/** Remote ids that are unique only within a service have the form `service/type:id`. */
function hasRemoteId(id: string, remoteId: string | null): boolean {
  return remoteId !== null && (remoteId === id || remoteId.split(/[/:]/).includes(id))
}

/** The record has ended and its object exists. */
function checkFinished(row: RecordRow, { id, isActive }: RemoteObject, report: Report): Finding[] {
  if (row.reason === 'remote_record_lost' || row.reason === 'deleted_remotely')
    return [report('lost', `is reported as gone, but ${id} exists`)]
  if (row.kind === 'environment' || isActive) return [report('orphans', `has ended, but ${id} continues`)]
  return []
}

/** Undecidable cases must wait for an operator. */
function checkUndecidable({ rows, undecidable }: VerifierInput): Finding[] {
  return rows
    .filter(({ id, isParked }) => undecidable.includes(id) && !isParked)
    .map((row) => ({
      fault: 'duplicates',
      provider: row.provider,
      detail: `${describe(row)}: decided although undecidable`,
    }))
}

function checkUnknownObjects({ rows, objects }: VerifierInput): Finding[] {
  const correlationTags = new Set(rows.map(({ correlationTag }) => correlationTag))
  return objects
    .filter(
      ({ correlationTag, isDeleted }) => correlationTag !== null && !correlationTags.has(correlationTag) && !isDeleted,
    )
    .map(({ provider, id, correlationTag }) => ({
      fault: 'orphans',
      provider,
      detail: `${id} has ${correlationTag}, which no record has`,
    }))
}

function checkDatabase({ rows, violations }: VerifierInput): Finding[] {
  const providerOf = new Map(rows.map(({ id, provider }) => [id, provider]))
  return violations.map(({ check, workloadId, detail }) => ({
    fault: 'unsound',
    provider: providerOf.get(workloadId) ?? 'none',
    detail: `${workloadId}: violated: ${check}: ${detail}`,
  }))
}

function checkEvents({ rows, feed }: VerifierInput): Finding[] {
  const providerOf = new Map(rows.map(({ id, provider }) => [id, provider]))
  const streamed = Map.groupBy(feed.streamed, ({ recordId }) => recordId)
  const posted = new Set(feed.posted.map(({ recordId, seq }) => `${recordId}/${seq}`))
  return [...Map.groupBy(feed.written, ({ recordId }) => recordId)].flatMap(([id, written]): Finding[] => {
    const expected = written.map(({ seq }) => seq).toSorted((a, b) => a - b)
    const received = (streamed.get(id) ?? []).map(({ seq }) => seq)
    const missed = expected.filter((seq) => !posted.has(`${id}/${seq}`))
    const report = (detail: string): Finding => ({ fault: 'mistold', provider: providerOf.get(id) ?? 'none', detail })
    return [
      ...(received.join() === expected.join()
        ? []
        : [report(`${id}: streamed ${received.join() || 'nothing'} of ${expected.join()}`)]),
      ...(missed.length === 0 ? [] : [report(`${id}: ${missed.join()} of ${expected.join()} not posted`)]),
    ]
  })
}

function tally({ rows }: VerifierInput, findings: readonly Finding[]): Record<string, Tally> {
  const providers = [...new Set([...rows, ...findings].map(({ provider }) => provider))].sort()
  return Object.fromEntries(
    providers.map((provider) => {
      const own = rows.filter((row) => row.provider === provider)
      const faults = Object.fromEntries(
        faultNames.map((name) => [
          name,
          findings.filter(({ fault, provider: p }) => fault === name && p === provider).length,
        ]),
      ) as Record<FaultName, number>
      const settled = own.filter(({ isSettled }) => isSettled).length
      const parked = own.filter(({ isParked }) => isParked).length
      return [provider, { accepted: own.length, settled, parked, ...faults }]
    }),
  )
}

function describe({ id, status, reason, desired }: RecordRow): string {
  return `${id} (${status}${reason === null ? '' : `, ${reason}`}, wanted: ${desired})`
}
