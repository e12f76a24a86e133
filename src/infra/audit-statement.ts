import type { Actor } from '../vocabulary/actor.ts'
import type { AuditAction } from '../vocabulary/audit-actions.ts'
import { makeId } from '../vocabulary/ids.ts'
import { Prisma } from './database.ts'

/** An audited action, such as `job.canceled`, and its data. Contains no secrets. */
export interface AuditedAction {
  action: AuditAction
  data?: object
}

/**
 * The INSERT of an audit log entry, embedded in the statement of the change, so that both commit or neither does.
 * `changed` is the FROM clause of the changed row with its `id` and `project_id`; without a row there is no entry.
 */
export function auditStatement(by: Actor, { action, data = {} }: AuditedAction, changed: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
    SELECT ${makeId('audit')}, c.project_id, ${by.subject}, ${by.address}, ${by.requestId}, ${action}, c.id, 'done', ${JSON.stringify(data)}::jsonb
    FROM ${changed} c`
}
