import { randomUUID } from 'node:crypto'
import { Prisma, type PrismaClient } from '../infra/database.ts'

/** A delivery that this process alone sends, until the lease runs out. */
export interface ClaimedDelivery {
  id: string
  leaseId: string
  endpointId: string
  eventId: string
  type: string
  payload: object
  step: number
  url: string
  sealedSecret: string
  /** The secret before signs as well. */
  isOverlapping: boolean
  /** Failures of the endpoint in a row. With any, this is the one that tries how things are. */
  failures: number
  now: Date
}

export type ClaimsRepository = ReturnType<typeof makeClaimsRepository>

/** One step in the index for each endpoint that has anything pending, however much that is. */
const waiting = Prisma.sql`
  waiting AS (
    SELECT min(endpoint_id) AS id FROM webhook_deliveries WHERE status = 'pending'
    UNION ALL
    SELECT (SELECT min(endpoint_id) FROM webhook_deliveries WHERE endpoint_id > waiting.id AND status = 'pending')
    FROM waiting WHERE id IS NOT NULL
  )`

export function makeClaimsRepository(prisma: PrismaClient, leaseMs: number) {
  /** Due again when the lease ends, so that a process that dies is followed by another. */
  function claimed(leaseId: string, due: Prisma.Sql): Prisma.Sql {
    return Prisma.sql`
      UPDATE webhook_deliveries d SET lease_id = ${leaseId}, due_at = now() + ${leaseMs} * interval '1 ms'
      FROM (${due}) p JOIN webhook_endpoints e ON e.id = p.endpoint_id WHERE d.id = p.id
      RETURNING d.id, d.lease_id AS "leaseId", d.endpoint_id AS "endpointId", d.event_id AS "eventId", d.type, d.payload, d.step,
        e.url, e.sealed_secret AS "sealedSecret", COALESCE(e.overlap_until > now(), false) AS "isOverlapping", e.failures, now() AS now`
  }

  return {
    /**
     * What is due at endpoints that have not failed last, in an order that is drawn; of each as many as make `mostEach`
     * with those that are under way here already.
     */
    async claimSteady(
      limit: number,
      { mostEach, underWay }: { mostEach: number; underWay: ReadonlyMap<string, number> },
    ): Promise<ClaimedDelivery[]> {
      const [ids, counts] = [[...underWay.keys()], [...underWay.values()]]
      return prisma.$queryRaw<ClaimedDelivery[]>`
        WITH RECURSIVE ${waiting}
        ${claimed(
          randomUUID(),
          Prisma.sql`
            SELECT share.id, share.endpoint_id FROM (
              SELECT w.id, ${mostEach}::int - COALESCE(u.count, 0) AS room FROM waiting w JOIN webhook_endpoints e ON e.id = w.id
              LEFT JOIN unnest(${ids}::text[], ${counts}::int[]) AS u(id, count) ON u.id = w.id
              WHERE e.enabled AND e.failures = 0 AND COALESCE(u.count, 0) < ${mostEach}::int ORDER BY random()
            ) ready CROSS JOIN LATERAL (
              SELECT t.id, t.endpoint_id FROM webhook_deliveries t
              WHERE t.endpoint_id = ready.id AND t.status = 'pending' AND t.due_at <= now()
              ORDER BY t.due_at LIMIT ready.room FOR UPDATE SKIP LOCKED
            ) share LIMIT ${limit}`,
        )}`
    },

    /** One due delivery of each endpoint that has failed last and has paused long enough; nobody else tries meanwhile. */
    async claimProbes(limit: number): Promise<ClaimedDelivery[]> {
      return prisma.$queryRaw<ClaimedDelivery[]>`
        WITH ready AS (
          SELECT e.id FROM webhook_endpoints e
          WHERE e.enabled AND e.failures > 0 AND e.not_before <= now() AND (
            SELECT true FROM webhook_deliveries t WHERE t.endpoint_id = e.id AND t.status = 'pending' AND t.due_at <= now() LIMIT 1)
          ORDER BY e.not_before LIMIT ${limit} FOR UPDATE SKIP LOCKED
        ), probing AS (
          UPDATE webhook_endpoints e SET not_before = now() + ${leaseMs} * interval '1 ms' FROM ready r WHERE e.id = r.id RETURNING e.id
        )
        ${claimed(
          randomUUID(),
          Prisma.sql`
            SELECT share.id, share.endpoint_id FROM probing CROSS JOIN LATERAL (
              SELECT t.id, t.endpoint_id FROM webhook_deliveries t
              WHERE t.endpoint_id = probing.id AND t.status = 'pending' AND t.due_at <= now()
              ORDER BY t.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ) share`,
        )}`
    },

    /** Gives back what could not be tried at all; it is due again after `delayMs`. */
    async putBack({ id, leaseId }: ClaimedDelivery, delayMs: number): Promise<void> {
      await prisma.$executeRaw`
        UPDATE webhook_deliveries SET lease_id = NULL, due_at = now() + ${delayMs} * interval '1 ms'
        WHERE id = ${id} AND lease_id = ${leaseId}`
    },
  }
}
