import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma } from '../infra/database.ts'
import { isOneOf, type Statements } from '../infra/statements.ts'
import { systemActor } from '../vocabulary/actor.ts'
import type { EndpointResponse } from './attempt.ts'
import type { ClaimedDelivery } from './claims.repository.ts'
import type { Failure } from './delivery-outcome.ts'
import type { DisabledReason } from './webhook-endpoint.ts'

/** Successful delivery, with the lease under which it was sent. */
export interface Delivered extends Pick<ClaimedDelivery, 'id' | 'leaseId' | 'endpointId' | 'configEpoch'> {
  httpStatus: number | null
}

export type OutcomesRepository = ReturnType<typeof makeOutcomesRepository>

/** Records outcomes of attempts. A worker that has lost its lease writes nothing: another sends the delivery again. */
export function makeOutcomesRepository(sql: Statements, { disableAfterMs }: { disableAfterMs: number }) {
  return {
    /**
     * Records a batch of successful deliveries, each only once, in one statement. Endpoints to update are locked before
     * the deliveries and in id order, so that no deadlock occurs.
     */
    async delivered(all: readonly Delivered[]): Promise<void> {
      const [ids, endpointIds] = [all.map(({ id }) => id), [...new Set(all.map(({ endpointId }) => endpointId))]]
      await sql.rows(Prisma.sql`
        WITH input AS (
          SELECT * FROM json_to_recordset(${JSON.stringify(all)}::json) AS i(id text, "leaseId" text, "configEpoch" int, "httpStatus" int)
        ), noted AS MATERIALIZED (
          SELECT e.id FROM webhook_endpoints e WHERE ${isOneOf('e.id', endpointIds)} AND ${isUnrecorded} ORDER BY e.id FOR UPDATE OF e
        ), d AS (
          UPDATE webhook_deliveries d SET status = 'delivered', due_at = NULL, settled_at = now(), retry_step = d.retry_step + 1,
            attempts = d.attempts + 1, lease_id = NULL, last_attempt_at = now(), last_http_status = i."httpStatus", last_reason = NULL
          FROM input i WHERE ${isOneOf('d.id', ids)} AND d.id = i.id AND d.lease_id = i."leaseId" AND (SELECT count(*) FROM noted) >= 0
          RETURNING d.endpoint_id, i."configEpoch"
        )
        UPDATE webhook_endpoints e SET failures = 0, not_before = NULL, failing_since = NULL, last_succeeded_at = now()
        WHERE e.id IN (SELECT id FROM noted) AND (e.id, e.config_epoch) IN (SELECT endpoint_id, "configEpoch" FROM d)`)
    },

    /**
     * Records a failure and pauses the endpoint; further failures during the pause are not counted, except that of a
     * probe. After the configuration has changed, a failure does not count for the endpoint, and the delivery is due
     * immediately. Returns why the endpoint was disabled if this failure disabled it.
     */
    async failed(claim: ClaimedDelivery, response: EndpointResponse, failure: Failure): Promise<DisabledReason | null> {
      const { retryMs, pauseMs, requestedMs, disables } = failure
      const isProbe = claim.failures > 0
      const rows = await sql.rows<{ reason: DisabledReason }>(Prisma.sql`
        WITH target AS MATERIALIZED (
          SELECT e.id, e.config_epoch = ${claim.configEpoch} AS "isSame" FROM webhook_endpoints e
          JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.id = ${claim.id} AND d.lease_id = ${claim.leaseId} FOR UPDATE OF e
        ), d AS (
          UPDATE webhook_deliveries d SET status = CASE WHEN a."isSame" AND ${retryMs}::float8 IS NULL THEN 'failed' ELSE 'pending' END,
            due_at = CASE WHEN a."isSame" THEN now() + ${retryMs}::float8 * interval '1 ms' ELSE now() END,
            settled_at = CASE WHEN a."isSame" AND ${retryMs}::float8 IS NULL THEN now() END, retry_step = retry_step + a."isSame"::int, ${attempted(response)}
          FROM target a WHERE d.id = ${claim.id} AND d.lease_id = ${claim.leaseId} RETURNING d.endpoint_id
        ), counted AS (
          SELECT e.id, COALESCE(${disables}::text, CASE WHEN e.failing_since < now() - ${disableAfterMs} * interval '1 ms' THEN 'failing' END) AS reason,
            ${isProbe} OR e.not_before IS NULL OR e.not_before <= now() AS "isCounted"
          FROM webhook_endpoints e JOIN target a ON a.id = e.id AND a."isSame" JOIN d ON d.endpoint_id = e.id WHERE e.enabled
        ), e AS (
          UPDATE webhook_endpoints e SET failures = e.failures + c."isCounted"::int, failing_since = COALESCE(e.failing_since, now()),
            not_before = CASE WHEN c."isCounted" THEN now() + ${pauseMs}::float8 * interval '1 ms' ELSE e.not_before END,
            retry_after_until = CASE WHEN ${requestedMs}::float8 > 0 THEN GREATEST(e.retry_after_until, now() + ${requestedMs}::float8 * interval '1 ms') ELSE e.retry_after_until END,
            enabled = c.reason IS NULL, disabled_reason = c.reason, disabled_at = CASE WHEN c.reason IS NOT NULL THEN now() END,
            version = e.version + (c.reason IS NOT NULL)::int, updated_at = CASE WHEN c.reason IS NOT NULL THEN now() ELSE e.updated_at END
          FROM counted c WHERE e.id = c.id RETURNING e.id, e.project_id, e.disabled_reason AS reason
        ), disabled AS (SELECT * FROM e WHERE reason IS NOT NULL), audited AS (
          ${auditStatement(systemActor, { action: 'webhook_endpoint.disabled', data: { reason: disables ?? 'failing' } }, Prisma.sql`disabled`)}
        )
        SELECT reason FROM disabled`)
      return rows[0]?.reason ?? null
    },
  }
}

/** Success is recorded to the minute, to avoid a write per delivery. */
const isUnrecorded = Prisma.sql`
  (e.failures > 0 OR e.last_succeeded_at IS NULL OR e.last_succeeded_at < now() - interval '1 minute')`

function attempted(response: EndpointResponse): Prisma.Sql {
  const httpStatus = 'httpStatus' in response ? response.httpStatus : null
  const reason = 'reason' in response ? response.reason : null
  return Prisma.sql`attempts = attempts + 1, lease_id = NULL, last_attempt_at = now(),
    last_http_status = ${httpStatus}::int, last_reason = ${reason}::text`
}
