import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { Metrics } from '../infra/telemetry.ts'
import { Refusal } from '../vocabulary/refusal.ts'
import type { Draining } from './draining.ts'
import { refusals } from './schemas.ts'
import type { HttpServer } from './server.ts'

export interface Readiness {
  /** Rejects, or answers a reason, while the process cannot serve requests. */
  check(): Promise<string | null>
}

/** Orchestrators give up after a few seconds; an answer that says why is worth more to them. */
const checkLimitMs = 2000
const stopping = 'This process is about to stop. Send requests to another instance.'
const tookTooLong = `The database did not answer within ${checkLimitMs} ms.`

const Health = Type.Object({ status: Type.Literal('ok') }, { $id: 'Health' })

/** For load balancers and orchestrators: no key needed. */
export async function registerOperations(
  server: HttpServer,
  { readiness, draining, metrics }: { readiness: Readiness; draining: Draining; metrics: Metrics | null },
): Promise<void> {
  server.addSchema(Health)
  const open = { tags: ['Operations'], security: [] }

  server.get(
    '/livez',
    {
      schema: {
        ...open,
        operationId: 'getLiveness',
        summary: 'Is the process alive?',
        response: { 200: Type.Ref('Health') },
      },
    },
    async () => ({ status: 'ok' }),
  )

  server.get(
    '/readyz',
    {
      schema: {
        ...open,
        operationId: 'getReadiness',
        summary: 'Can it serve requests?',
        description:
          'Asks the database, and whether it has every migration of this version. A process that is about to stop answers 503. The queue does not count: accepted work does not depend on it.',
        response: { 200: Type.Ref('Health'), 503: refusals()[503] },
      },
    },
    async () => {
      const reason = draining.isOn()
        ? stopping
        : await Promise.race([readiness.check(), sleep(checkLimitMs, tookTooLong, { ref: false })])
      if (reason !== null) throw new Refusal('unavailable', reason, { retryAfterSeconds: 1 })
      return { status: 'ok' }
    },
  )
  if (metrics !== null) registerMetrics(server, metrics)
}

function registerMetrics(server: HttpServer, metrics: Metrics): void {
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
