import { Prisma } from '../../infra/database.ts'
import type { Statements } from '../../infra/statements.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Attempt, AttemptOutcome, WorkloadError } from '../workload.ts'

/**
 * - `parked`: waits for an operator. `unknown`: a job that ended with an unknown outcome.
 * - `recovering`: Switchyard still searches or retries, so an operator may wait.
 */
export const attentionStates = ['parked', 'unknown', 'recovering'] as const
export type AttentionState = (typeof attentionStates)[number]

/** A workload of any project that an operator may have to decide about. */
export interface AttentionItem {
  id: string
  kind: Kind
  projectId: string
  provider: string
  connectionId: string
  name: string
  version: number
  state: AttentionState
  status: string
  reason: string | null
  message: string | null
  /** Error code of the last failed call, or else the reason. */
  code: string | null
  since: Date
  createdAt: Date
  correlationTag: string
  remoteId: string | null
  remoteState: string | null
  observedAt: Date | null
  lastActionAt: Date | null
  error: WorkloadError | null
  attempts: number
  lastAttempt: LastAttempt | null
  /** Whether `resolve` can complete the open create. */
  isCreateOpen: boolean
  /** From when on the absence of the object is conclusive; null without an attempt. */
  absenceConclusiveAt: Date | null
  /** The database clock. */
  now: Date
}

export interface LastAttempt extends Pick<Attempt, 'number' | 'startedAt' | 'endedAt' | 'remoteId' | 'error'> {
  outcome: AttemptOutcome | null
}

export interface AttentionFilter {
  states: readonly AttentionState[]
  provider?: string
  connectionId?: string
  projectId?: string
  kind?: Kind
  code?: string
  /** Only those that have had their status since before this time. */
  sinceBefore?: Date
}

/** Position in the list, which is ordered by the time of the status: microseconds since the epoch, and an id. */
export interface AttentionPosition {
  sinceUs: string
  id: string
}

export interface AttentionPage {
  found: readonly AttentionItem[]
  next: AttentionPosition | null
}

export type AttentionRepository = ReturnType<typeof makeAttentionRepository>

export function makeAttentionRepository(sql: Statements) {
  return {
    /**
     * Longest waiting first. A bounded number of index entries is examined: a page may be short or empty although there
     * is a next one.
     */
    async list(
      filter: AttentionFilter,
      page: { after: AttentionPosition | null; limit: number },
    ): Promise<AttentionPage> {
      const rows = await sql.rows<AttentionRow>(attentionStatement(filter, page), { isNamed: false })
      const found = rows.filter(({ isFound }) => isFound)
      const last = found.length > page.limit ? found[page.limit - 1] : rows.findLast(({ isLast }) => isLast)
      return {
        found: found.slice(0, page.limit).map(itemOf),
        next: last === undefined ? null : { sinceUs: last.sinceUs, id: last.id },
      }
    },

    /** Null if it is none of them. */
    async get(id: string): Promise<AttentionItem | null> {
      const [row] = await sql.rows<AttentionRow>(attentionOf(id))
      return row === undefined ? null : itemOf(row)
    },
  }
}

interface AttentionRow extends Omit<AttentionItem, 'lastAttempt'> {
  lastAttempt: (Omit<LastAttempt, 'startedAt' | 'endedAt'> & { startedAt: string; endedAt: string | null }) | null
  sinceUs: string
  isFound: boolean
  /** The row ends the examined part of the index, and the index continues. */
  isLast: boolean
}

/** Index entries that a page examines at most. */
const maxExamined = 2000

/** The condition of the index `workloads_attention`. */
const needsAttention = Prisma.sql`(w.status = 'unknown' OR (w.active AND w.status_reason IN ('outcome_unknown', 'internal_error')))`

const stateOf = Prisma.sql`CASE WHEN w.status = 'unknown' THEN 'unknown' WHEN w.due_at IS NULL THEN 'parked' ELSE 'recovering' END`
const codeOf = Prisma.sql`COALESCE(w.error->>'code', a.last->'error'->>'code', w.status_reason)`

const lastAttempt = Prisma.sql`
  SELECT count(*)::int AS count, max(t.absence_conclusive_at) AS conclusive_at, (array_agg(jsonb_build_object(
    'number', t.number, 'startedAt', t.started_at, 'endedAt', t.ended_at, 'outcome', t.outcome, 'remoteId', t.remote_id, 'error', t.error
  ) ORDER BY t.number DESC))[1] AS last
  FROM workload_attempts t WHERE t.workload_id = w.id`

const itemColumns = Prisma.sql`
  w.id, w.kind, w.project_id AS "projectId", w.provider, w.connection_id AS "connectionId", w.name, w.version, ${stateOf} AS state, w.status,
  w.status_reason AS reason, w.status_message AS message, ${codeOf} AS code, w.status_changed_at AS since, w.created_at AS "createdAt",
  w.correlation_tag AS "correlationTag", w.remote_id AS "remoteId", w.raw_state AS "remoteState", w.observed_at AS "observedAt",
  w.last_action_at AS "lastActionAt", w.error, a.count AS attempts, a.last AS "lastAttempt",
  w.active AND w.status = 'dispatching' AND w.remote_id IS NULL AND a.count > 0
    AND a.last->>'remoteId' IS NULL AND COALESCE(a.last->>'outcome', 'unknown') IN ('unknown', 'created') AS "isCreateOpen",
  a.conclusive_at AS "absenceConclusiveAt", now() AS now,
  (EXTRACT(epoch FROM w.status_changed_at) * 1000000)::bigint::text AS "sinceUs"`

const timeOf = (us: string) => Prisma.sql`('epoch'::timestamptz + ${us}::bigint * interval '1 microsecond')`

/** Statement for a page. Rows that do not match the filter are returned only to mark the end of the examined part. */
export function attentionStatement(
  filter: AttentionFilter,
  { after, limit }: { after: AttentionPosition | null; limit: number },
): Prisma.Sql {
  const { sinceBefore } = filter
  return Prisma.sql`
    WITH examined AS MATERIALIZED (
      SELECT w.id, w.status_changed_at FROM workloads w
      WHERE ${needsAttention}
        ${after === null ? Prisma.empty : Prisma.sql`AND (w.status_changed_at, w.id) > (${timeOf(after.sinceUs)}, ${after.id})`}
        ${sinceBefore === undefined ? Prisma.empty : Prisma.sql`AND w.status_changed_at < ${sinceBefore}::timestamptz`}
      ORDER BY w.status_changed_at, w.id LIMIT ${maxExamined}
    ), matched AS (
      SELECT w.id FROM examined e JOIN workloads w ON w.id = e.id LEFT JOIN LATERAL (${lastAttempt}) a ON true
      WHERE ${conditionOf(filter)} ORDER BY e.status_changed_at, e.id LIMIT ${limit + 1}
    ), ending AS (
      SELECT id FROM examined WHERE (SELECT count(*) FROM examined) = ${maxExamined} ORDER BY status_changed_at DESC, id DESC LIMIT 1
    )
    SELECT ${itemColumns}, w.id IN (SELECT id FROM matched) AS "isFound", w.id IN (SELECT id FROM ending) AS "isLast"
    FROM workloads w LEFT JOIN LATERAL (${lastAttempt}) a ON true
    WHERE w.id = ANY(ARRAY(SELECT id FROM matched UNION SELECT id FROM ending))
    ORDER BY w.status_changed_at, w.id`
}

const attentionOf = (id: string) => Prisma.sql`
  SELECT ${itemColumns}, true AS "isFound", false AS "isLast"
  FROM workloads w LEFT JOIN LATERAL (${lastAttempt}) a ON true WHERE w.id = ${id} AND ${needsAttention}`

function conditionOf({ states, provider, connectionId, projectId, kind, code }: AttentionFilter): Prisma.Sql {
  const equal: readonly [Prisma.Sql, string | undefined][] = [
    [Prisma.sql`w.provider`, provider],
    [Prisma.sql`w.connection_id`, connectionId],
    [Prisma.sql`w.project_id`, projectId],
    [Prisma.sql`w.kind`, kind],
    [codeOf, code],
  ]
  const given = equal.flatMap(([column, value]) => (value === undefined ? [] : [Prisma.sql`${column} = ${value}`]))
  return Prisma.join([Prisma.sql`${stateOf} = ANY(${[...states]}::text[])`, ...given], ' AND ')
}

function itemOf({ sinceUs: _, isFound: __, isLast: ___, lastAttempt: last, ...item }: AttentionRow): AttentionItem {
  if (last === null) return { ...item, lastAttempt: null }
  const endedAt = last.endedAt === null ? null : new Date(last.endedAt)
  return { ...item, lastAttempt: { ...last, startedAt: new Date(last.startedAt), endedAt } }
}
