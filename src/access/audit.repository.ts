import { Prisma, type PrismaClient } from '../infra/database.ts'
import { type IndexKey, indexPage, intersection, type Source } from '../infra/intersection.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { AuditAction } from '../vocabulary/audit-actions.ts'
import { idPrefixes, makeId } from '../vocabulary/ids.ts'

/** Audit log entry. */
export interface AuditEntry {
  id: string
  at: Date
  projectId: string
  subject: string
  address: string
  requestId: string
  action: string
  objectId: string | null
  outcome: 'done' | 'refused'
  data: object
}

/** Denied request, or action that only affected the provider. */
export interface AuditedRead {
  projectId: string
  by: Actor
  action: Extract<AuditAction, 'request.refused' | 'environment.accessed'>
  objectId?: string
  outcome: AuditEntry['outcome']
  data?: object
}

export interface AuditFilter {
  projectId?: string
  subject?: string
  objectId?: string
  action?: string
}

const columns: { readonly [field in keyof AuditFilter]-?: Prisma.Sql } = {
  projectId: Prisma.sql`project_id`,
  subject: Prisma.sql`subject`,
  objectId: Prisma.sql`object_id`,
  action: Prisma.sql`action`,
}

export type AuditRepository = ReturnType<typeof makeAuditRepository>

export function makeAuditRepository(prisma: PrismaClient) {
  return {
    /** Writes an entry for an act without a change in the database; a change writes its entry in its own statement. */
    async write(entry: AuditedRead): Promise<void> {
      const { projectId, by, action, objectId = null, outcome, data = {} } = entry
      await prisma.$executeRaw`
        INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
        VALUES (${makeId('audit')}, ${projectId}, ${by.subject}, ${by.address}, ${by.requestId}, ${action}, ${objectId}, ${outcome}, ${JSON.stringify(data)}::jsonb)`
    },

    /**
     * Newest first. With several filters, a bounded number of entries is examined: a page may be short or empty
     * although there is a next one.
     */
    async list(
      filter: AuditFilter,
      page: { after: string | null; limit: number },
    ): Promise<{ found: AuditEntry[]; next: string | null }> {
      // One row more than the page shows whether there is a next page.
      const rows = await prisma.$queryRaw<(AuditEntry & { examinedId: string; isLast: boolean })[]>(
        auditListStatement(filter, { ...page, limit: page.limit + 1 }),
      )
      const found = rows.filter(({ at }) => at !== null).slice(0, page.limit)
      const last = rows.length > page.limit ? rows[page.limit - 1] : rows.at(-1)
      const isMore = last !== undefined && (rows.length > page.limit || last.isLast)
      return {
        found: found.map(({ examinedId: _, isLast: __, ...entry }) => entry),
        next: isMore ? last.examinedId : null,
      }
    },
  }
}

/** Index entries read per entry of a page; a small page may cost as much as one of 20. */
const readsPerEntry = 16

/**
 * Statement for the entries of a page. The last row may be hidden: it marks the end of the examined range (`isLast`).
 */
export function auditListStatement(
  filter: AuditFilter,
  { after, limit }: { after: string | null; limit: number },
): Prisma.Sql {
  const given = Object.entries(filter).map(([field, value]) => sourceOf([[columns[field as keyof AuditFilter], value]]))
  const [first = sourceOf([]), ...others] = given
  const range = { start: Prisma.sql`${after ?? `${idPrefixes.audit}_8`}::text`, end: Prisma.sql`''` }
  const reads = readsPerEntry * Math.max(limit, 20)
  const common =
    others.length === 0
      ? Prisma.sql`SELECT t.id, true AS is_found, false AS is_last FROM (${first.page(range, limit)}) t`
      : Prisma.sql`
        WITH RECURSIVE ${intersection([first, ...others], { order: 'desc', ...range, limit, reads })}
        SELECT j.id, j.is_found, j.is_last FROM jump j WHERE j.is_found OR j.is_last`
  return Prisma.sql`
    SELECT a.id, a.at, a.project_id AS "projectId", a.subject, a.address, a.request_id AS "requestId", a.action,
      a.object_id AS "objectId", a.outcome, a.data, p.id AS "examinedId", p.is_last AS "isLast"
    FROM (${common}) p LEFT JOIN LATERAL (SELECT * FROM audit a WHERE a.id = p.id AND p.is_found OFFSET 0) a ON true
    ORDER BY p.id DESC LIMIT ${limit}`
}

function sourceOf(columns: IndexKey['columns']): Source {
  const id = Prisma.sql`id`
  const index: IndexKey = { table: Prisma.sql`audit`, columns, id, order: 'desc' }
  return { cost: 1, page: (range, limit) => indexPage(index, range, limit)(id) }
}
