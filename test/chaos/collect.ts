import { readFile, writeFile } from 'node:fs/promises'
import type { Pool } from 'pg'
import type { SandboxProvider } from '../../src/sandbox/provider.ts'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import { momentAt } from '../../src/sandbox/timeline.ts'
import type { WorldObject } from '../../src/sandbox/world.ts'
import type { FeedEvent } from './follower.ts'
import { frozenName } from './guards.ts'
import type { RecordRow, RemoteObject } from './verifier.ts'

/** The sandbox's providers by id; a journal may name others. */
const providers: ReadonlyMap<string, SandboxProvider> = new Map(Object.entries(sandboxProviders))

const settledSql = `
  NOT w.active OR (
    w.kind = 'environment' AND w.generation = w.observed_generation AND w.lease_id IS NULL AND w.missing_since IS NULL
    AND (
      (w.desired = 'run' AND w.status IN ('running', 'failed'))
      OR (w.desired = 'stop' AND w.status IN ('stopped', 'failed'))
    )
  )`
const parkedSql = `w.active AND w.remote_id IS NULL AND w.status = 'dispatching' AND w.status_reason = 'outcome_unknown' AND w.due_at IS NULL AND w.lease_id IS NULL`

/** The second list: all records. */
export async function readRows(pool: Pool): Promise<RecordRow[]> {
  const { rows } = await pool.query<RecordRow>(`
    SELECT w.id, w.kind, w.provider, w.correlation_tag AS "correlationTag", w.status, w.status_reason AS reason, w.desired, w.active,
      w.remote_id AS "remoteId", (${parkedSql}) AS "isParked", (${settledSql}) AS "isSettled"
    FROM workloads w ORDER BY w.id`)
  return rows
}

/** Records that are neither settled nor parked, by provider. */
export async function countOpen(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ provider: string; open: number }>(`
    SELECT w.provider, count(*)::int AS open FROM workloads w
    WHERE NOT (${settledSql}) AND NOT (${parkedSql}) GROUP BY w.provider`)
  return new Map(rows.map(({ provider, open }) => [provider, open]))
}

/** Milliseconds until delayed writes are sent. */
export async function delayedWriteMs(pool: Pool, freezeMs: number): Promise<number> {
  const { rows } = await pool.query<{ ms: number | null }>(
    `SELECT extract(epoch FROM max(a.started_at) - now())::float8 * 1000 + $2::float8 AS ms
     FROM workload_attempts a JOIN workloads w ON w.id = a.workload_id WHERE w.name LIKE $1 AND a.number = 1`,
    [`${frozenName}-%`, freezeMs],
  )
  return Math.max(0, rows[0]?.ms ?? 0)
}

/** Describes the records that are still open, for the report. */
export async function describeOpen(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(`
    SELECT concat_ws(' ', w.id, w.provider, w.status, w.status_reason, w.status_message, 'wanted', w.desired,
      'generation', w.generation, 'of', w.observed_generation, 'due', w.due_at, 'lease until', w.lease_until) AS line
    FROM workloads w WHERE NOT (${settledSql}) AND NOT (${parkedSql}) ORDER BY w.id LIMIT 20`)
  return rows.map(({ line }) => line)
}

/** All events. */
export async function readEvents(pool: Pool): Promise<FeedEvent[]> {
  const { rows } = await pool.query<FeedEvent>('SELECT workload_id AS "recordId", seq FROM workload_events')
  return rows
}

/** Longest time per provider until a record settled, from the last fault or its client's last request. */
export async function readSettling(
  pool: Pool,
  lastFaultAt: Date,
  open: readonly string[],
): Promise<Record<string, number | null>> {
  const { rows } = await pool.query<{ provider: string; ms: number }>(
    `SELECT w.provider, max(extract(epoch FROM e.last - GREATEST(e.requested, $1::timestamptz)) * 1000)::float8 AS ms
     FROM workloads w CROSS JOIN LATERAL (
       SELECT max(at) AS last, max(at) FILTER (WHERE seq = 1 OR type LIKE '%requested') AS requested
       FROM workload_events WHERE workload_id = w.id
     ) e GROUP BY w.provider`,
    [lastFaultAt],
  )
  return Object.fromEntries(
    rows.map(({ provider, ms }) => [provider, open.includes(provider) ? null : Math.max(0, ms)]),
  )
}

/** Writes all data of the records to a file, for the analysis of findings. */
export async function dumpRecords(pool: Pool, file: string): Promise<void> {
  const { rows } = await pool.query<{ record: object }>(`
    SELECT jsonb_build_object('record', to_jsonb(w),
      'attempts', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.number) FROM workload_attempts a WHERE a.workload_id = w.id),
      'events', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.seq) FROM workload_events e WHERE e.workload_id = w.id)) AS record
    FROM workloads w ORDER BY w.id`)
  await writeFile(file, rows.map(({ record }) => `${JSON.stringify(record)}\n`).join(''))
}

/** The third list, from the sandbox's journal: all objects ever created, including deleted ones. */
export async function readObjects(
  journalFile: string,
  correlationTags: ReadonlySet<string>,
  nowMs: number,
): Promise<RemoteObject[]> {
  const latest = new Map<string, WorldObject>()
  for (const line of (await readFile(journalFile, 'utf8')).split('\n')) {
    const object = line === '' ? {} : (JSON.parse(line) as Partial<WorldObject>)
    if (object.id !== undefined) latest.set(`${object.provider}/${object.kind}/${object.id}`, object as WorldObject)
  }
  const own = [...latest.values()].filter(
    ({ provider, kind }) => providers.get(provider)?.dependentKinds?.has(kind) !== true,
  )
  return own.map((object) => ({
    provider: object.provider,
    id: object.id,
    correlationTag: tagOf(object, correlationTags),
    isDeleted: object.deletedAt !== null,
    isActive: providers.get(object.provider)?.endedStates.has(momentAt(object.timeline, nowMs).state) !== true,
  }))
}

/** The correlation tag in the create request: a separate word, or after `sy` at the end of a name. */
function tagOf({ name, creation }: WorldObject, correlationTags: ReadonlySet<string>): string | null {
  const words = `${name} ${JSON.stringify(creation)}`.match(/[a-z0-9]+/g) ?? []
  return words.flatMap((word) => [word, word.replace(/^sy/, '')]).find((word) => correlationTags.has(word)) ?? null
}
