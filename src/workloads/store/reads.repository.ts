import type { IdSpaceOf } from '../../connections/id-spaces.ts'
import { Prisma } from '../../infra/database.ts'
import { isOneOf, type Statements } from '../../infra/statements.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Workload } from '../workload.ts'
import { listStatement } from './list.repository.ts'
import { type After, isPlain, type ListQuery, type Page } from './list-filter.ts'
import { controlColumns, toWorkload, type WorkloadRecord, workloadColumns } from './row.repository.ts'

/** Other owners of objects without a correlation tag. */
export interface Ownership {
  /** Remote ids that other records hold or held. */
  owned: ReadonlySet<string>
  /** Whether another create into the same environment is open and may have created them. */
  isContested: boolean
}

/** What identifies the state of a workload that was read before. */
export type Known = Pick<Workload, 'id' | 'version' | 'observedGeneration'>

/** What decides whether and how a workload is canceled. */
export type Control<K extends Kind = Kind> = Pick<
  Workload<K>,
  'id' | 'connectionId' | 'status' | 'desired' | 'generation' | 'observedGeneration' | 'createdAt'
>

export type ReadsRepository = ReturnType<typeof makeReadsRepository>

export function makeReadsRepository(sql: Statements, idSpaceOf: IdSpaceOf) {
  return {
    /** Null if it does not exist in this project. */
    async get<K extends Kind>(projectId: string, kind: K, id: string): Promise<Workload<K> | null> {
      const rows = await sql.rows<WorkloadRecord>(Prisma.sql`
        SELECT ${workloadColumns} FROM workloads w WHERE w.id = ${id} AND w.project_id = ${projectId} AND w.kind = ${kind}`)
      return rows[0] === undefined ? null : toWorkload<K>(rows[0])
    },

    /** Those of a project with these ids, by id. */
    async byIds<K extends Kind>(projectId: string, kind: K, ids: readonly string[]): Promise<Map<string, Workload<K>>> {
      const rows = await sql.rows<WorkloadRecord>(Prisma.sql`
        SELECT ${workloadColumns} FROM workloads w WHERE ${isOneOf('w.id', ids)} AND w.project_id = ${projectId} AND w.kind = ${kind}`)
      return new Map(rows.map((row) => [String(row.id), toWorkload<K>(row)]))
    },

    /** Workloads of any project that differ from their known state, by id. */
    async changedSince(known: readonly Known[]): Promise<ReadonlyMap<string, Workload>> {
      const [ids, versions] = [known.map(({ id }) => id), known.map(({ version }) => version)]
      const generations = known.map(({ observedGeneration }) => observedGeneration)
      const rows = await sql.rows<WorkloadRecord>(Prisma.sql`
        SELECT ${workloadColumns} FROM unnest(${ids}::text[], ${versions}::int[], ${generations}::int[]) AS k(id, version, generation)
        JOIN workloads w ON ${isOneOf('w.id', ids)} AND w.id = k.id AND (w.version, w.observed_generation) IS DISTINCT FROM (k.version, k.generation)`)
      return new Map(rows.map((row) => [String(row.id), toWorkload(row)]))
    },

    /**
     * One page by keyset. A list by name prefix is ordered by (name, id), any other by id, which is by creation. A page
     * may be short, or empty, although there is a next one: with several filters, a bounded number of rows is examined.
     */
    async list<K extends Kind>(query: ListQuery & { kind: K }): Promise<Page<Workload<K>>> {
      const { found, next } = await pageOf<WorkloadRecord>(sql, query, workloadColumns)
      return { found: found.map((row) => toWorkload<K>(row)), next }
    },

    /** The same page without large columns. */
    listControls: <K extends Kind>(query: ListQuery & { kind: K }): Promise<Page<Control<K>>> =>
      pageOf(sql, query, controlColumns),

    /**
     * Other owners of these objects, over any connection that sees them. One statement reads owners and open creates,
     * since a create that is adopted in between would be in neither.
     */
    async ownersOf(workload: Workload, remoteIds: readonly string[], dispatchingStatus: string): Promise<Ownership> {
      const { connectionIds } = await idSpaceOf(workload.connectionId, workload.kind)
      const rows = await sql.rows<{ remoteId: string | null }>(Prisma.sql`
        SELECT remote_id AS "remoteId" FROM workloads
        WHERE connection_id = ANY(${connectionIds}) AND kind = ${workload.kind} AND id <> ${workload.id}
          AND (remote_id = ANY(${remoteIds}) AND (active OR dispatched_at IS NOT NULL)
            OR remote_id IS NULL AND active AND status = ${dispatchingStatus} AND environment_id IS NOT DISTINCT FROM ${workload.environmentId})`)
      const owned = new Set(rows.flatMap(({ remoteId }) => remoteId ?? []))
      return { owned, isContested: rows.some(({ remoteId }) => remoteId === null) }
    },

    /**
     * Objects with the tag of the other kind are left to its own list. A workload that ended after `since`, the start of
     * the scan, may have been listed before it ended.
     */
    async unheld<O extends { remoteId: string; correlationTag: string }>(
      { connectionId, kind }: { connectionId: string; kind: Kind },
      objects: readonly O[],
      since: Date,
    ): Promise<readonly O[]> {
      const tags = objects.map(({ correlationTag }) => correlationTag)
      const remoteIds = objects.map(({ remoteId }) => remoteId)
      const { connectionIds } = await idSpaceOf(connectionId, kind)
      const isHolder = Prisma.sql`(active OR status_changed_at >= ${since}::timestamptz)`
      const rows = await sql.rows<{ correlationTag: string | null; remoteId: string | null }>(Prisma.sql`
        SELECT correlation_tag AS "correlationTag", NULL AS "remoteId" FROM workloads
        WHERE correlation_tag = ANY(${tags}) AND (kind <> ${kind} OR ${isHolder})
        UNION ALL SELECT NULL, remote_id FROM workloads
        WHERE connection_id = ANY(${connectionIds}) AND kind = ${kind} AND remote_id = ANY(${remoteIds}) AND imported AND ${isHolder}`)
      const heldTags = new Set(rows.map((row) => row.correlationTag))
      const heldIds = new Set(rows.map((row) => row.remoteId))
      return objects.filter(({ correlationTag, remoteId }) => !heldTags.has(correlationTag) && !heldIds.has(remoteId))
    },

    /** The database clock. */
    async now(): Promise<Date> {
      const [row] = await sql.rows<{ now: Date }>(Prisma.sql`SELECT now()`)
      if (row === undefined) throw new Error('the database did not return its time')
      return row.now
    },

    /** Unfinished jobs of an environment, by id, after this one. */
    async liveJobs(environmentId: string, { after, limit }: { after: string; limit: number }): Promise<string[]> {
      const rows = await sql.rows<{ id: string }>(Prisma.sql`
        SELECT id FROM workloads WHERE environment_id = ${environmentId} AND active AND id > ${after} ORDER BY id LIMIT ${limit}`)
      return rows.map((row) => row.id)
    },
  }
}

/** How far a list was examined, in each of its rows. */
interface Examined {
  examinedId: string
  examinedName: string | null
  isLast: boolean
}

async function pageOf<R extends { readonly id: unknown }>(
  sql: Statements,
  query: ListQuery,
  shown: Prisma.Sql,
): Promise<Page<R>> {
  // One more than requested shows whether there is a next page.
  const statement = listStatement({ ...query, limit: query.limit + 1 }, shown)
  const rows = await sql.rows<R & Examined>(statement, { isNamed: isPlain(query) })
  const found = rows.filter(({ id }) => id !== null).slice(0, query.limit)
  const last = rows.length > query.limit ? rows[query.limit - 1] : rows.at(-1)
  const isMore = last !== undefined && (rows.length > query.limit || last.isLast)
  return { found, next: isMore ? positionOf(last) : null }
}

function positionOf({ examinedId, examinedName }: Examined): After {
  return { id: examinedId, ...(examinedName === null ? {} : { name: examinedName }) }
}
