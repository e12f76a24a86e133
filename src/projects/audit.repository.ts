import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { AuditAction } from '../vocabulary/audit-actions.ts'
import { makeId } from '../vocabulary/ids.ts'

/** One line of the audit log. */
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

/** Something that was tried and is not permitted, or that was done at a provider alone. */
export interface UnchangingAct {
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
    /** What changes nothing here. What does is written by the statement that does it. */
    async write(entry: UnchangingAct): Promise<void> {
      const { projectId, by, action, objectId = null, outcome, data = {} } = entry
      await prisma.$executeRaw`
        INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
        VALUES (${makeId('audit')}, ${projectId}, ${by.subject}, ${by.address}, ${by.requestId}, ${action}, ${objectId}, ${outcome}, ${JSON.stringify(data)}::jsonb)`
    },

    /** Newest first. */
    async list(filter: AuditFilter, page: { after: string | null; limit: number }): Promise<AuditEntry[]> {
      const given = [
        ...Object.entries(filter).map(
          ([field, value]) => Prisma.sql`${columns[field as keyof AuditFilter]} = ${value}`,
        ),
        ...(page.after === null ? [] : [Prisma.sql`id < ${page.after}`]),
      ]
      const where = given.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(given, ' AND ')}`
      return prisma.$queryRaw<AuditEntry[]>`
        SELECT id, at, project_id AS "projectId", subject, address, request_id AS "requestId", action, object_id AS "objectId", outcome, data
        FROM audit ${where} ORDER BY id DESC LIMIT ${page.limit}`
    },
  }
}
