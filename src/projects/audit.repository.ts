import type { PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
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

export interface AuditFilter {
  projectId?: string
  subject?: string
  objectId?: string
  action?: string
}

export type AuditRepository = ReturnType<typeof makeAuditRepository>

export function makeAuditRepository(prisma: PrismaClient) {
  return {
    /** What somebody tried and may not. What was done is written by the statement that did it. */
    async refused(projectId: string, by: Actor, { action, data }: { action: string; data: object }): Promise<void> {
      await prisma.auditRow.create({
        data: { id: makeId('audit'), projectId, ...by, action, outcome: 'refused', data },
      })
    },

    /** Newest first. */
    async list(filter: AuditFilter, page: { after: string | null; limit: number }): Promise<AuditEntry[]> {
      const rows = await prisma.auditRow.findMany({
        where: { ...filter, ...(page.after === null ? {} : { id: { lt: page.after } }) },
        orderBy: { id: 'desc' },
        take: page.limit,
      })
      return rows as AuditEntry[]
    },
  }
}
