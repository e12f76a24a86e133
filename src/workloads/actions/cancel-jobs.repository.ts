import { Prisma } from '../../infra/database.ts'
import { isOneOf, type Statements } from '../../infra/statements.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import type { AuditAction } from '../../vocabulary/audit-actions.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { requested } from './desired-state.repository.ts'

export interface JobCancels {
  projectId: string
  by: Actor
  /** `onlyIn`: the status outside of which the job cannot be canceled; null = any. */
  jobs: readonly { id: string; onlyIn: Status<'job'> | null }[]
  /** Status while a cancellation is in progress. */
  inFlight: Status<'job'>
}

export type CancelJobsRepository = ReturnType<typeof makeCancelJobsRepository>

const eventType: AuditAction = 'job.cancel_requested'
const inputIds = Prisma.sql`SELECT id FROM input`

export function makeCancelJobsRepository(sql: Statements) {
  return {
    /**
     * Requests the cancellation of jobs in one statement, each with its event and audit log entry. Returns those that
     * changed: not the ones that have ended, or whose cancellation is requested already. Rows are locked in id order.
     */
    async request({ projectId, by, jobs, inFlight }: JobCancels): Promise<{ id: string; connectionId: string }[]> {
      const input = jobs.map(({ id, onlyIn }) => ({ id, onlyIn, eventId: makeId('event'), auditId: makeId('audit') }))
      return sql.rows(Prisma.sql`
        WITH input AS (
          SELECT * FROM json_to_recordset(${JSON.stringify(input)}::json) AS i(id text, "onlyIn" text, "eventId" text, "auditId" text)
        ), locked AS (
          SELECT w.id FROM workloads w JOIN input i ON i.id = w.id
          WHERE ${isOneOf('w.id', inputIds)} AND w.project_id = ${projectId} AND w.kind = 'job' AND w.active
            AND (i."onlyIn" IS NULL OR w.status = i."onlyIn")
            AND NOT (w.desired = 'cancel' AND (w.generation > w.observed_generation OR w.status = ${inFlight}))
          ORDER BY w.id FOR UPDATE OF w
        ), updated AS (
          UPDATE workloads w SET ${requested('cancel', by)}
          FROM input i WHERE ${isOneOf('w.id', inputIds)} AND w.id = i.id AND w.id IN (SELECT id FROM locked)
          RETURNING w.id, w.seq, w.status, w.project_id, w.kind, w.connection_id, i."eventId", i."auditId"
        ), events AS (
          INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
          SELECT u.id, u.seq, u."eventId", u.project_id, u.kind, ${eventType}, jsonb_build_object('status', u.status) FROM updated u
        ), audited AS (
          INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
          SELECT u."auditId", u.project_id, ${by.subject}, ${by.address}, ${by.requestId}, ${eventType}, u.id, 'done', '{}' FROM updated u
        )
        SELECT id, connection_id AS "connectionId" FROM updated`)
    },
  }
}
