import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { toWorkload, type WorkloadRecord, workloadColumns } from './row.repository.ts'
import type { Workload } from './workload.ts'

/** What a list is narrowed down to. All given filters hold; several statuses are alternatives. */
export interface Filter {
  status?: readonly string[]
  labels?: readonly { key: string; value: string }[]
  provider?: string
  connectionId?: string
  environmentId?: string
  remoteId?: string
  active?: boolean
  namePrefix?: string
  createdAfter?: Date
  createdBefore?: Date
  ids?: readonly string[]
}

/** Where a page begins: after this id (and, in a list by name, after this name). */
export interface After {
  id: string
  name?: string
}

export interface ListQuery {
  projectId: string
  kind: Kind
  filter: Filter
  order: 'asc' | 'desc'
  limit: number
  after: After | null
}

/** Who else there is for objects that show no mark. */
export interface Claims {
  /** Those that other records stand for, or stood for. */
  owned: ReadonlySet<string>
  /** Another create into the same environment is open, so it may have made them. */
  isContested: boolean
}

export type ReadsRepository = ReturnType<typeof makeReadsRepository>

export function makeReadsRepository(prisma: PrismaClient) {
  return {
    /** Null: there is none in this project; another project's looks the same. */
    async get<K extends Kind>(projectId: string, kind: K, id: string): Promise<Workload<K> | null> {
      const rows = await prisma.$queryRaw<WorkloadRecord[]>`
        SELECT ${workloadColumns} FROM workloads w WHERE w.id = ${id} AND w.project_id = ${projectId} AND w.kind = ${kind}`
      return rows[0] === undefined ? null : toWorkload<K>(rows[0])
    },

    /** One page by keyset. A list by name prefix is ordered by (name, id), any other by id, which is by creation. */
    async list<K extends Kind>(query: ListQuery & { kind: K }): Promise<Workload<K>[]> {
      const rows = await prisma.$queryRaw<WorkloadRecord[]>(listStatement(query))
      return rows.map((row) => toWorkload<K>(row))
    },

    /**
     * What other records of the same connection and kind have to do with these objects. Owned and open are read in one
     * statement: a create that is adopted in between would be neither.
     */
    async claimsOn(workload: Workload, remoteIds: readonly string[], sending: string): Promise<Claims> {
      const rows = await prisma.$queryRaw<{ remoteId: string | null }[]>`
        SELECT remote_id AS "remoteId" FROM workloads
        WHERE connection_id = ${workload.connectionId} AND kind = ${workload.kind} AND id <> ${workload.id}
          AND (remote_id = ANY(${remoteIds}) AND (live OR dispatched_at IS NOT NULL)
            OR remote_id IS NULL AND live AND status = ${sending} AND environment_id IS NOT DISTINCT FROM ${workload.environmentId})`
      const owned = new Set(rows.flatMap(({ remoteId }) => remoteId ?? []))
      return { owned, isContested: rows.some(({ remoteId }) => remoteId === null) }
    },

    /** A live workload that already stands for this remote object. */
    async holderOf(connectionId: string, kind: Kind, remoteId: string): Promise<string | null> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM workloads WHERE connection_id = ${connectionId} AND kind = ${kind} AND remote_id = ${remoteId} AND live LIMIT 1`
      return rows[0]?.id ?? null
    },

    /**
     * Those of `marks`, seen in a list of this kind, that live workloads hold or that are another kind's: of what stands
     * in the lists of both, the list of its own kind tells whether it still goes on.
     */
    async heldMarks(kind: Kind, marks: readonly string[]): Promise<ReadonlySet<string>> {
      const rows = await prisma.$queryRaw<
        { mark: string }[]
      >`SELECT mark FROM workloads WHERE mark = ANY(${marks}) AND (live OR kind <> ${kind})`
      return new Set(rows.map((row) => row.mark))
    },

    /** Jobs of an environment that have not ended, by id, after this one. */
    async liveJobs(environmentId: string, { after, limit }: { after: string; limit: number }): Promise<string[]> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM workloads WHERE environment_id = ${environmentId} AND live AND id > ${after} ORDER BY id LIMIT ${limit}`
      return rows.map((row) => row.id)
    },
  }
}

function listStatement({ projectId, kind, filter, order, limit, after }: ListQuery): Prisma.Sql {
  const [label, ...moreLabels] = filter.labels ?? []
  const isByName = filter.namePrefix !== undefined
  const conditions = [
    Prisma.sql`w.project_id = ${projectId} AND w.kind = ${kind}`,
    ...simpleConditions(filter),
    ...moreLabels.map(({ key, value }) => Prisma.sql`w.labels->>${key} = ${value}`),
    ...keysetCondition(after, order, isByName),
  ]
  // The first label is read from its own index, ordered by id: a page costs a page, however many carry the label.
  const source =
    label === undefined
      ? Prisma.sql`workloads w`
      : Prisma.sql`workload_labels l JOIN workloads w ON w.id = l.workload_id
          AND l.project_id = ${projectId} AND l.kind = ${kind} AND l.key = ${label.key} AND l.value = ${label.value}`
  const idColumn = Prisma.raw(label === undefined || isByName ? 'w.id' : 'l.workload_id')
  const direction = Prisma.raw(order)
  const ordering = isByName
    ? Prisma.sql`w.name ${direction}, ${idColumn} ${direction}`
    : Prisma.sql`${idColumn} ${direction}`
  return Prisma.sql`SELECT ${workloadColumns} FROM ${source} WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY ${ordering} LIMIT ${limit}`
}

function keysetCondition(after: After | null, order: 'asc' | 'desc', isByName: boolean): Prisma.Sql[] {
  if (after === null) return []
  const comparison = Prisma.raw(order === 'asc' ? '>' : '<')
  return [
    isByName
      ? Prisma.sql`(w.name, w.id) ${comparison} (${after.name ?? ''}, ${after.id})`
      : Prisma.sql`w.id ${comparison} ${after.id}`,
  ]
}

function simpleConditions(filter: Filter): Prisma.Sql[] {
  const {
    status,
    provider,
    connectionId,
    environmentId,
    remoteId,
    active,
    namePrefix,
    createdAfter,
    createdBefore,
    ids,
  } = filter
  const optional: (Prisma.Sql | false)[] = [
    status !== undefined && Prisma.sql`w.status = ANY(${status})`,
    provider !== undefined && Prisma.sql`w.provider = ${provider}`,
    connectionId !== undefined && Prisma.sql`w.connection_id = ${connectionId}`,
    environmentId !== undefined && Prisma.sql`w.environment_id = ${environmentId}`,
    remoteId !== undefined && Prisma.sql`w.remote_id = ${remoteId}`,
    active !== undefined && Prisma.sql`w.live = ${active}`,
    namePrefix !== undefined && Prisma.sql`w.name >= ${namePrefix} AND w.name < ${beyond(namePrefix)}`,
    // Clients see milliseconds, the table holds microseconds: what is shown as this very moment is not after it.
    createdAfter !== undefined && Prisma.sql`w.created_at >= ${createdAfter}::timestamptz + interval '1 ms'`,
    createdBefore !== undefined && Prisma.sql`w.created_at < ${createdBefore}`,
    ids !== undefined && Prisma.sql`w.id = ANY(${ids})`,
  ]
  return optional.filter((condition) => condition !== false)
}

/** The first string after all that begin with `prefix`; names are compared by byte. */
function beyond(prefix: string): string {
  return `${prefix}\u{10ffff}`
}
