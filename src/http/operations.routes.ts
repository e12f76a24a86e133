import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { Metrics } from '../telemetry/metrics.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { Draining } from './draining.ts'
import { errorResponses } from './schemas.ts'
import type { HttpServer } from './server.ts'

export interface Readiness {
  /** Rejects or returns a reason while the process cannot serve requests. */
  check(): Promise<string | null>
}

/** Orchestrators time out after a few seconds; an earlier response with a reason is more useful. */
const checkLimitMs = 2000
const stopping = 'This process is about to stop. Send requests to another instance.'
const timedOut = `The database did not respond within ${checkLimitMs} ms.`

const Health = Type.Object(
  { status: Type.Literal('ok', { description: 'Always `ok`.' }) },
  { $id: 'Health', description: 'Healthy.' },
)

/** Registers the endpoints for load balancers and orchestrators; they require no key. */
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
        summary: 'Liveness probe',
        description: 'Returns 200 while the process is running. Checks no dependencies.',
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
        summary: 'Readiness probe',
        description:
          'Checks the database and pending migrations. Returns 503 while the process shuts down. The queue is not required.',
        response: { 200: Type.Ref('Health'), 503: errorResponses()[503] },
      },
    },
    async () => {
      const reason = draining.isOn()
        ? stopping
        : await Promise.race([readiness.check(), sleep(checkLimitMs, timedOut, { ref: false })])
      if (reason !== null) throw new ApiError('unavailable', reason, { retryAfterSeconds: 1 })
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
