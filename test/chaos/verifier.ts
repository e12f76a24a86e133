import type { FeedEvent } from './follower.ts'
import type { Told } from './load.ts'

/** A record as Postgres holds it at the end. */
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
  /** It waits for an operator, and nothing else will happen automatically. */
  isParked: boolean
  /** It is as the client wants it, or ended. */
  isSettled: boolean
}

/** An object that a sandbox provider ever made, deleted ones too. */
export interface RemoteObject {
  provider: string
  id: string
  /** Of ours; null = not made by Switchyard. */
  correlationTag: string | null
  isDeleted: boolean
  /** It has not ended: it costs somebody money. */
  isActive: boolean
}

export interface Lists {
  told: readonly Pick<Told, 'key' | 'provider' | 'ids'>[]
  rows: readonly RecordRow[]
  objects: readonly RemoteObject[]
  /** Ids of cases that the run planted and cannot be decided. */
  undecidable: readonly string[]
  /** What `doctor` found in the database. */
  unsound: readonly { check: string; workloadId: string; detail: string }[]
  /** The events that are recorded, what a client was told that followed them all the time, and what a webhook has taken. */
  feed: { written: readonly FeedEvent[]; told: readonly FeedEvent[]; posted: readonly FeedEvent[] }
}

export const faultNames = ['duplicates', 'lost', 'stuck', 'orphans', 'wronglyParked', 'unsound', 'mistold'] as const
export type FaultName = (typeof faultNames)[number]

export interface Tally extends Record<FaultName, number> {
  accepted: number
  settled: number
  parked: number
}

export interface Finding {
  what: FaultName
  provider: string
  detail: string
}

export interface Verdict {
  byProvider: Record<string, Tally>
  findings: Finding[]
  isClean: boolean
}

/**
 * Compares what the clients were told, what Postgres holds and what exists at the providers. Pure.
 *
 * - duplicate: two objects with one correlation tag, or one key that received two records, or a record nobody was told of
 * - lost: a promised record that is not there; a record that says "never made" or "gone" of an object that exists;
 *   a record of an object that never was; a record that ended without an object, though its client never called it off
 * - stuck: neither settled nor parked
 * - orphan: an object of ours that no record owns, or that goes on although its record has ended
 * - unsound: `doctor` found what must not be in the database
 * - mistold: an event that whoever follows the project was not told, was told twice, or out of its record's order; one
 *   that was not posted to a webhook
 */
export function judge(lists: Lists): Verdict {
  const byMark = Map.groupBy(
    lists.objects.filter(({ correlationTag }) => correlationTag !== null),
    ({ correlationTag }) => correlationTag,
  )
  const exempt = new Set(lists.undecidable)
  const findings = [
    ...promises(lists),
    ...lists.rows
      .filter(({ id }) => !exempt.has(id))
      .flatMap((row) => aboutRow(row, byMark.get(row.correlationTag) ?? [])),
    ...planted(lists),
    ...strangers(lists),
    ...unsound(lists),
    ...mistold(lists),
  ]
  return { byProvider: tally(lists, findings), findings, isClean: findings.length === 0 }
}

/** A client's key leads to one record, and each record has its client. */
function promises({ told, rows }: Lists): Finding[] {
  const known = new Set(rows.map(({ id }) => id))
  const promised = new Set(told.flatMap(({ ids }) => ids))
  return [
    ...told.flatMap(({ key, provider, ids }): Finding[] => [
      ...(ids.length > 1
        ? [{ what: 'duplicates' as const, provider, detail: `key ${key} was answered with ${ids}` }]
        : []),
      ...ids
        .filter((id) => !known.has(id))
        .map((id) => ({ what: 'lost' as const, provider, detail: `${id} was promised and is not recorded` })),
    ]),
    ...rows
      .filter(({ id }) => !promised.has(id))
      .map(({ id, provider }) => ({ what: 'duplicates' as const, provider, detail: `nobody was told of ${id}` })),
  ]
}

type Say = (what: FaultName, detail: string) => Finding

function aboutRow(row: RecordRow, objects: readonly RemoteObject[]): Finding[] {
  const { provider } = row
  const say: Say = (what, detail) => ({ what, provider, detail: `${describe(row)}: ${detail}` })
  const findings: Finding[] = []
  if (objects.length > 1) findings.push(say('duplicates', `objects ${objects.map(({ id }) => id)} carry its mark`))
  if (row.isParked) findings.push(say('wronglyParked', 'parked without need'))
  else if (!row.isSettled) findings.push(say('stuck', 'neither settled nor parked'))
  const own = objects.find(({ id }) => isNamed(id, row.remoteId))
  const [other] = objects.filter(({ id, isDeleted }) => !isNamed(id, row.remoteId) && !isDeleted)
  if (row.remoteId === null && row.isSettled) findings.push(...neverMade(row, other, say))
  if (row.remoteId !== null && own === undefined) findings.push(say('lost', `object ${row.remoteId} never was`))
  if (row.remoteId !== null && other !== undefined)
    findings.push(say('orphans', `${other.id} carries its mark and nobody owns it`))
  if (own !== undefined && !own.isDeleted && !row.active) findings.push(...afterTheEnd(row, own, say))
  return findings
}

/** No case of a run is refused permanently, so nothing may end unmade but what its client canceled. */
function neverMade(row: RecordRow, other: RemoteObject | undefined, say: Say): Finding[] {
  if (other !== undefined) return [say('lost', `says it was never made, and ${other.id} exists`)]
  return row.desired === 'cancel' || row.desired === 'delete'
    ? []
    : [say('lost', 'nobody called it off, and it never ran')]
}

/** Where a provider's ids are unique within a service alone, ours holds them as `service/type:id`. */
function isNamed(id: string, remoteId: string | null): boolean {
  return remoteId !== null && (remoteId === id || remoteId.split(/[/:]/).includes(id))
}

/** The record has ended and the object is still there. */
function afterTheEnd(row: RecordRow, { id, isActive }: RemoteObject, say: Say): Finding[] {
  if (row.reason === 'remote_record_lost' || row.reason === 'deleted_remotely')
    return [say('lost', `says its object is gone, and ${id} exists`)]
  if (row.kind === 'environment' || isActive) return [say('orphans', `has ended, and ${id} goes on`)]
  return []
}

/** What cannot be decided must wait for a person, not be decided. */
function planted({ rows, undecidable }: Lists): Finding[] {
  return rows
    .filter(({ id, isParked }) => undecidable.includes(id) && !isParked)
    .map((row) => ({
      what: 'duplicates',
      provider: row.provider,
      detail: `${describe(row)}: undecidable, yet decided`,
    }))
}

function strangers({ rows, objects }: Lists): Finding[] {
  const correlationTags = new Set(rows.map(({ correlationTag }) => correlationTag))
  return objects
    .filter(
      ({ correlationTag, isDeleted }) => correlationTag !== null && !correlationTags.has(correlationTag) && !isDeleted,
    )
    .map(({ provider, id, correlationTag }) => ({
      what: 'orphans',
      provider,
      detail: `${id} carries ${correlationTag}, which no record has`,
    }))
}

function unsound({ rows, unsound }: Lists): Finding[] {
  const providerOf = new Map(rows.map(({ id, provider }) => [id, provider]))
  return unsound.map(({ check, workloadId, detail }) => ({
    what: 'unsound',
    provider: providerOf.get(workloadId) ?? 'none',
    detail: `${workloadId}: not so that ${check}: ${detail}`,
  }))
}

function mistold({ rows, feed }: Lists): Finding[] {
  const providerOf = new Map(rows.map(({ id, provider }) => [id, provider]))
  const told = Map.groupBy(feed.told, ({ recordId }) => recordId)
  const posted = new Set(feed.posted.map(({ recordId, seq }) => `${recordId}/${seq}`))
  return [...Map.groupBy(feed.written, ({ recordId }) => recordId)].flatMap(([id, written]): Finding[] => {
    const expected = written.map(({ seq }) => seq).toSorted((a, b) => a - b)
    const heard = (told.get(id) ?? []).map(({ seq }) => seq)
    const missed = expected.filter((seq) => !posted.has(`${id}/${seq}`))
    const say = (detail: string): Finding => ({ what: 'mistold', provider: providerOf.get(id) ?? 'none', detail })
    return [
      ...(heard.join() === expected.join()
        ? []
        : [say(`${id}: told ${heard.join() || 'nothing'} of ${expected.join()}`)]),
      ...(missed.length === 0 ? [] : [say(`${id}: ${missed.join()} of ${expected.join()} not posted`)]),
    ]
  })
}

function tally({ rows }: Lists, findings: readonly Finding[]): Record<string, Tally> {
  const providers = [...new Set([...rows, ...findings].map(({ provider }) => provider))].sort()
  return Object.fromEntries(
    providers.map((provider) => {
      const own = rows.filter((row) => row.provider === provider)
      const faults = Object.fromEntries(
        faultNames.map((name) => [
          name,
          findings.filter(({ what, provider: p }) => what === name && p === provider).length,
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
