import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import { systemActor } from '../vocabulary/actor.ts'
import type { Answer } from './attempt.ts'
import type { ClaimedDelivery } from './claims.repository.ts'
import type { Failure } from './verdict.ts'
import type { DisabledReason } from './webhook-endpoint.ts'

export type OutcomesRepository = ReturnType<typeof makeOutcomesRepository>

/** What became of attempts. Whoever has lost the claim meanwhile writes nothing: another sends it again. */
export function makeOutcomesRepository(prisma: PrismaClient, { disableAfterMs }: { disableAfterMs: number }) {
  return {
    async delivered({ id, leaseId, epoch }: ClaimedDelivery, answer: Answer): Promise<void> {
      await prisma.$executeRaw`
        WITH d AS (
          UPDATE webhook_deliveries SET status = 'delivered', due_at = NULL, settled_at = now(), step = step + 1, ${attempted(answer)}
          WHERE id = ${id} AND lease_id = ${leaseId} RETURNING endpoint_id
        )
        UPDATE webhook_endpoints e SET failures = 0, not_before = NULL, failing_since = NULL, last_succeeded_at = now()
        FROM d WHERE e.id = d.endpoint_id AND e.epoch = ${epoch}
          AND (e.failures > 0 OR e.last_succeeded_at IS NULL OR e.last_succeeded_at < now() - interval '1 minute')`
    },

    /**
     * The endpoint pauses; attempts that fail while it pauses already count once, but for the one that tried how things
     * are. What was sent to where the endpoint was before says nothing of where it is now, and is due there at once.
     * Answers why the endpoint was disabled, where this failure did that.
     */
    async failed(claim: ClaimedDelivery, answer: Answer, failure: Failure): Promise<DisabledReason | null> {
      const { retryMs, pauseMs, askedMs, disables } = failure
      const isProbe = claim.failures > 0
      const rows = await prisma.$queryRaw<{ reason: DisabledReason }[]>`
        WITH asked AS MATERIALIZED (
          SELECT e.id, e.epoch = ${claim.epoch} AS "isSame" FROM webhook_endpoints e
          JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.id = ${claim.id} AND d.lease_id = ${claim.leaseId} FOR UPDATE OF e
        ), d AS (
          UPDATE webhook_deliveries d SET status = CASE WHEN a."isSame" AND ${retryMs}::float8 IS NULL THEN 'failed' ELSE 'pending' END,
            due_at = CASE WHEN a."isSame" THEN now() + ${retryMs}::float8 * interval '1 ms' ELSE now() END,
            settled_at = CASE WHEN a."isSame" AND ${retryMs}::float8 IS NULL THEN now() END, step = step + a."isSame"::int, ${attempted(answer)}
          FROM asked a WHERE d.id = ${claim.id} AND d.lease_id = ${claim.leaseId} RETURNING d.endpoint_id
        ), counted AS (
          SELECT e.id, COALESCE(${disables}::text, CASE WHEN e.failing_since < now() - ${disableAfterMs} * interval '1 ms' THEN 'failing' END) AS reason,
            ${isProbe} OR e.not_before IS NULL OR e.not_before <= now() AS "isCounted"
          FROM webhook_endpoints e JOIN asked a ON a.id = e.id AND a."isSame" JOIN d ON d.endpoint_id = e.id WHERE e.enabled
        ), e AS (
          UPDATE webhook_endpoints e SET failures = e.failures + c."isCounted"::int, failing_since = COALESCE(e.failing_since, now()),
            not_before = CASE WHEN c."isCounted" THEN now() + ${pauseMs}::float8 * interval '1 ms' ELSE e.not_before END,
            asked_until = CASE WHEN ${askedMs}::float8 > 0 THEN GREATEST(e.asked_until, now() + ${askedMs}::float8 * interval '1 ms') ELSE e.asked_until END,
            enabled = c.reason IS NULL, disabled_reason = c.reason, disabled_at = CASE WHEN c.reason IS NOT NULL THEN now() END,
            version = e.version + (c.reason IS NOT NULL)::int, updated_at = CASE WHEN c.reason IS NOT NULL THEN now() ELSE e.updated_at END
          FROM counted c WHERE e.id = c.id RETURNING e.id, e.project_id, e.disabled_reason AS reason
        ), disabled AS (SELECT * FROM e WHERE reason IS NOT NULL), audited AS (
          ${auditStatement(systemActor, { action: 'webhook_endpoint.disabled', data: { reason: disables ?? 'failing' } }, Prisma.sql`disabled`)}
        )
        SELECT reason FROM disabled`
      return rows[0]?.reason ?? null
    },
  }
}

function attempted(answer: Answer): Prisma.Sql {
  const httpStatus = 'httpStatus' in answer ? answer.httpStatus : null
  const reason = 'reason' in answer ? answer.reason : null
  return Prisma.sql`attempts = attempts + 1, lease_id = NULL, last_attempt_at = now(),
    last_http_status = ${httpStatus}::int, last_reason = ${reason}::text`
}
