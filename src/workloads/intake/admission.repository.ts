import { type Database, Prisma } from '../../infra/database.ts'
import { withProjectLock } from '../../infra/project-lock.ts'
import { isOneOf, type Statements } from '../../infra/statements.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { type Holder, lockedHolder } from '../store/holders.repository.ts'
import { type OverQuota, pickFitting, type WorkloadUsage } from './quota.ts'

/** A workload about to be recorded. */
export interface NewWorkload {
  id: string
  eventId: string
  by: Actor
  projectId: string
  kind: Kind
  provider: string
  connectionId: string
  environmentId: string | null
  name: string
  labels: Readonly<Record<string, string>>
  spec: Json
  correlationTag: string
  status: string
  imported: boolean
  /** For imports: the existing object, which also serves as the exclusivity key, so it has one active import. */
  remoteId: string | null
  /** For imports: what distinguishes the object from a later one with its id. */
  remoteIdentity?: string
  exclusivityKey?: string
  /** For imports: the connections that see the object, and the correlation tag that it carries. */
  object?: { connectionIds: readonly string[]; correlationTag: string | null }
  /** Requested accelerators on all nodes. */
  accelerators: number
  /** Secret variables, sealed for this id. */
  sealedSecrets?: string
  /** SHA-256 of the client's key, and the fingerprints of the body, in hex. */
  key: { hash: string; fingerprint: string; otherFingerprints?: readonly string[]; ttlHours: number } | null
}

/** When a workload was recorded; `limited`: not recorded, since a quota must be checked first. */
export type Inserted = Date | 'limited'

/** An idempotency key, by its hash. */
export interface KeyName {
  projectId: string
  kind: string
  hash: string
}

export interface KeyHolder {
  workloadId: string
  fingerprint: string
}

export type AdmissionRepository = ReturnType<typeof makeAdmissionRepository>

export function makeAdmissionRepository({ prisma, sql }: Pick<Database, 'prisma' | 'sql'>) {
  return {
    /**
     * Records many workloads in one statement: row, first event, label rows, idempotency key. An absent result means
     * that an earlier request holds the key, or that the connection is deleted. A repeat after a lost connection
     * records nothing twice.
     */
    async insert(workloads: readonly NewWorkload[]): Promise<Map<string, Inserted>> {
      return insertAll(sql.rows, workloads, false)
    },

    /**
     * The same for projects with a quota: records what fits and returns why the others were not recorded. For imports
     * too: an object that another workload holds fails the batch.
     */
    async insertWithinQuota(workloads: readonly NewWorkload[]): Promise<Map<string, Date | OverQuota>> {
      const projectIds = [...new Set(workloads.map(({ projectId }) => projectId))]
      return withProjectLock(prisma, projectIds, async (tx) => {
        for (const item of workloads) await rejectHeldObject(tx, item)
        const rows = <R>(statement: Prisma.Sql) => tx.$queryRaw<R[]>(statement)
        const { fitting, others } = pickFitting(await withoutReplays(rows, workloads), await usageOf(tx, projectIds))
        if (fitting.length === 0) return others
        const inserted = await insertAll(rows, fitting, true)
        return new Map<string, Date | OverQuota>([...others, ...(inserted as Map<string, Date>)])
      })
    },

    /** When these workloads were recorded; those that were not are missing. */
    async recordedAt(ids: readonly string[]): Promise<Map<string, Date>> {
      const rows = await sql.rows<{ id: string; at: Date }>(
        Prisma.sql`SELECT id, created_at AS at FROM workloads WHERE ${isOneOf('id', ids)}`,
      )
      return new Map(rows.map(({ id, at }) => [id, at]))
    },

    /**
     * Current holders of these keys. A separate statement, because a statement that lost the race cannot see the
     * winner.
     */
    keyHolders: (keys: readonly KeyName[]): Promise<Map<string, KeyHolder>> => holdersOf(sql.rows, keys),

    async pruneKeys(limit: number): Promise<number> {
      return prisma.$executeRaw`
        DELETE FROM idempotency_keys WHERE ctid IN (SELECT ctid FROM idempotency_keys WHERE expires_at < now() LIMIT ${limit})`
    },
  }
}

/** Another workload already holds the object of an import. */
export class HeldObjectError extends Error {
  override name = 'HeldObjectError'
  readonly holder: Holder

  constructor(holder: Holder) {
    super(`The object is ${holder.id} already.`)
    this.holder = holder
  }
}

/** What is not a replay: a repetition must not occupy the capacity of a request after it. */
async function withoutReplays(
  run: Statements['rows'],
  workloads: readonly NewWorkload[],
): Promise<readonly NewWorkload[]> {
  const keyed = workloads.flatMap(({ projectId, kind, key }) =>
    key === null ? [] : [{ projectId, kind, hash: key.hash }],
  )
  if (keyed.length === 0) return workloads
  const holders = await holdersOf(run, keyed)
  return workloads.filter((item) => item.key === null || !holders.has(nameOfKey({ ...item, hash: item.key.hash })))
}

async function holdersOf(run: Statements['rows'], keys: readonly KeyName[]): Promise<Map<string, KeyHolder>> {
  const rows = await run<KeyHolder & KeyName>(Prisma.sql`
    SELECT i."projectId", i.kind, i.hash, k.workload_id AS "workloadId", encode(k.fingerprint, 'hex') AS fingerprint
    FROM json_to_recordset(${JSON.stringify(keys)}::json) AS i("projectId" text, kind text, hash text)
    CROSS JOIN LATERAL (
      SELECT * FROM idempotency_keys
      WHERE project_id = i."projectId" AND kind = i.kind AND key_hash = decode(i.hash, 'hex') AND expires_at >= now() LIMIT 1
    ) k`)
  return new Map(rows.map(({ workloadId, fingerprint, ...name }) => [nameOfKey(name), { workloadId, fingerprint }]))
}

/** Identifies a key among all projects and kinds. */
export function nameOfKey({ projectId, kind, hash }: KeyName): string {
  return `${projectId}/${kind}/${hash}`
}

async function rejectHeldObject(
  tx: Prisma.TransactionClient,
  { id, kind, remoteId, object }: NewWorkload,
): Promise<void> {
  if (remoteId === null || object === undefined) return
  const holder = await lockedHolder(tx, { ...object, kind, remoteId }, id)
  if (holder !== undefined) throw new HeldObjectError(holder)
}

async function insertAll(
  run: Statements['rows'],
  workloads: readonly NewWorkload[],
  isCounted: boolean,
): Promise<Map<string, Inserted>> {
  const rows = await run<{ id: string; createdAt: Date | null }>(insertStatement(sortedByKey(workloads), isCounted))
  return new Map(rows.map((row) => [row.id, row.createdAt ?? 'limited']))
}

async function usageOf(
  tx: Prisma.TransactionClient,
  projectIds: readonly string[],
): Promise<Map<string, WorkloadUsage>> {
  const rows = await tx.$queryRaw<(WorkloadUsage & { id: string })[]>`
    SELECT p.id, w.active AS "activeWorkloads", w.accelerators, jsonb_strip_nulls(jsonb_build_object(
      'activeWorkloads', p.max_active_workloads, 'accelerators', p.max_accelerators)) AS quota
    FROM projects p, LATERAL (
      SELECT count(*)::int AS active,
        COALESCE(sum((spec->'resources'->'accelerator'->>'count')::int * COALESCE((spec->'resources'->>'nodes')::int, 1)), 0)::int AS accelerators
      FROM workloads WHERE project_id = p.id AND active AND ended_at IS NULL
    ) w
    WHERE p.id = ANY(${[...projectIds]})`
  return new Map(rows.map(({ id, ...usage }) => [id, usage]))
}

/** Two processes that insert the same keys in opposite order would deadlock. */
function sortedByKey(workloads: readonly NewWorkload[]): readonly NewWorkload[] {
  const keyOf = (item: NewWorkload) => (item.key === null ? '' : nameOfKey({ ...item, hash: item.key.hash }))
  return workloads.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** @param isCounted whether these fit the quotas of their locked projects */
const insertStatement = (workloads: readonly NewWorkload[], isCounted: boolean) => Prisma.sql`
  WITH input AS (
    SELECT * FROM json_to_recordset(${JSON.stringify(workloads.map((item) => ({ ...item, auditId: makeId('audit') })))}::json) AS i(
      id text, "auditId" text, by jsonb, "eventId" text, "projectId" text, kind text, provider text, "connectionId" text, "environmentId" text, name text,
      labels jsonb, spec jsonb, "correlationTag" text, status text, imported boolean, "remoteId" text, "remoteIdentity" text, "exclusivityKey" text, "sealedSecrets" text, key jsonb)
  ), open AS (
    SELECT id FROM connections WHERE id IN (SELECT DISTINCT "connectionId" FROM input) AND deleted_at IS NULL FOR SHARE
  ), limited AS (
    SELECT id FROM projects WHERE NOT ${isCounted}::boolean AND id IN (SELECT DISTINCT "projectId" FROM input)
      AND COALESCE(max_active_workloads, max_accelerators) IS NOT NULL
  ), keyed AS (
    INSERT INTO idempotency_keys AS k (project_id, kind, key_hash, workload_id, fingerprint, expires_at)
    SELECT i."projectId", i.kind, decode(i.key->>'hash', 'hex'), i.id, decode(i.key->>'fingerprint', 'hex'),
      now() + (i.key->>'ttlHours')::int * interval '1 hour'
    FROM input i WHERE i.key IS NOT NULL AND i."connectionId" IN (SELECT id FROM open) AND i."projectId" NOT IN (SELECT id FROM limited)
    ON CONFLICT (project_id, kind, key_hash) DO UPDATE
      SET workload_id = EXCLUDED.workload_id, fingerprint = EXCLUDED.fingerprint, expires_at = EXCLUDED.expires_at
      WHERE k.expires_at < now()
    RETURNING k.workload_id
  ), inserted AS (
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, environment_id, name, labels, spec, correlation_tag,
      status, imported, keep_remote, remote_id, remote_identity, exclusivity_key, trace_parent, traced_at, due_at)
    SELECT i.id, i."projectId", i.kind, i.provider, i."connectionId", i."environmentId", i.name, i.labels, i.spec, i."correlationTag",
      i.status, i.imported, i.imported, i."remoteId", i."remoteIdentity", i."exclusivityKey", i.by->>'traceParent',
      CASE WHEN i.by->>'traceParent' IS NOT NULL THEN now() END, now()
    FROM input i
    WHERE i."connectionId" IN (SELECT id FROM open) AND i."projectId" NOT IN (SELECT id FROM limited) AND (i.key IS NULL OR i.id IN (SELECT workload_id FROM keyed))
    ON CONFLICT (id) DO NOTHING
    RETURNING id, created_at
  ), events AS (
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT i.id, 1, i."eventId", i."projectId", i.kind, i.kind || '.' || i.status, jsonb_build_object('status', i.status)
    FROM input i JOIN inserted n ON n.id = i.id
  ), audited AS (
    INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
    SELECT i."auditId", i."projectId", i.by->>'subject', i.by->>'address', i.by->>'requestId',
      i.kind || CASE WHEN i.imported THEN '.imported' ELSE '.submitted' END, i.id, 'done', '{}'
    FROM input i JOIN inserted n ON n.id = i.id
  ), secrets AS (
    INSERT INTO workload_secrets (workload_id, sealed)
    SELECT i.id, i."sealedSecrets" FROM input i JOIN inserted n ON n.id = i.id WHERE i."sealedSecrets" IS NOT NULL
  ), labels AS (
    INSERT INTO workload_labels (project_id, kind, key, value, workload_id)
    SELECT i."projectId", i.kind, l.key, l.value, i.id FROM input i JOIN inserted n ON n.id = i.id, jsonb_each_text(i.labels) l
  )
  SELECT id, created_at AS "createdAt" FROM inserted
  UNION ALL SELECT i.id, NULL FROM input i WHERE i."projectId" IN (SELECT id FROM limited)`
