import type { PrismaClient } from '../infra/database.ts'
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

export type AuditRepository = ReturnType<typeof makeAuditRepository>

export function makeAuditRepository(prisma: PrismaClient) {
  return {
    /** What changes nothing here. What does is written by the statement that does it. */
    async write(entry: UnchangingAct): Promise<void> {
      const { by, data = {}, ...act } = entry
      await prisma.auditRow.create({ data: { id: makeId('audit'), ...by, ...act, data } })
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
