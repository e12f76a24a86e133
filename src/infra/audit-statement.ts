import type { Actor } from '../vocabulary/actor.ts'
import type { AuditAction } from '../vocabulary/audit-actions.ts'
import { makeId } from '../vocabulary/ids.ts'
import { Prisma } from './database.ts'

/** What was done, in the form `job.canceled`, and what of it is worth keeping. Never a secret. */
export interface Act {
  action: AuditAction
  data?: object
}

/**
 * The INSERT that tells the audit log what a statement does, as a part of that very statement: both are there, or neither.
 * `changed` is the FROM clause over the row that was changed, with its `id` and `project_id`; no row, no entry.
 */
export function auditStatement(by: Actor, { action, data = {} }: Act, changed: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
    SELECT ${makeId('audit')}, c.project_id, ${by.subject}, ${by.address}, ${by.requestId}, ${action}, c.id, 'done', ${JSON.stringify(data)}::jsonb
    FROM ${changed} c`
}
