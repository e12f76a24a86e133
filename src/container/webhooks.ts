import type { ChangeNotifier } from '../events/change-notifier.ts'
import { makeBatcher } from '../infra/batcher.ts'
import { isDataError, isTransientError } from '../infra/database-errors.ts'
import type { Egress } from '../infra/egress.ts'
import { egressDeniedCode } from '../infra/egress-lookup.ts'
import { makeAttempts } from '../webhooks/attempt.ts'
import { makeClaimsRepository } from '../webhooks/claims.repository.ts'
import { makeDeliver, type ObserveDelivery } from '../webhooks/deliver.ts'
import { makeDeliveriesRepository } from '../webhooks/deliveries.repository.ts'
import { makeDeliveryService } from '../webhooks/delivery-service.ts'
import { makeEndpointsRepository } from '../webhooks/endpoints.repository.ts'
import { makeFanOut } from '../webhooks/fan-out.repository.ts'
import { makePruning, makeWebhookMeasures } from '../webhooks/maintenance.repository.ts'
import { type Delivered, makeOutcomesRepository } from '../webhooks/outcomes.repository.ts'
import { makeSender, type WebhookSender } from '../webhooks/sender.ts'
import { makeWebhookService } from '../webhooks/webhook-service.ts'
import type { WebhookRoutesDeps } from '../webhooks/webhooks.routes.ts'
import type { makeConnections } from './connections.ts'
import type { ContainerDeps } from './deps.ts'
import { makeSiteEgress } from './egress.ts'

interface WebhooksDeps extends Pick<ContainerDeps, 'database' | 'clock' | 'logger' | 'settings' | 'version'> {
  secretBox: ReturnType<typeof makeConnections>['secretBox']
  notifier: ChangeNotifier
  observeDelivery: ObserveDelivery
  /** Whether deliveries belong to the traces of requests. */
  isTraced: boolean
  shutdown: AbortSignal
}

/** Webhook endpoints and the delivery of their events. */
export function makeWebhooks(deps: WebhooksDeps) {
  const { secretBox, notifier, database } = deps
  const { prisma } = database
  // A separate one: names that do not resolve must not delay provider calls.
  const egress = makeSiteEgress(deps.settings)
  const service = makeWebhookService({
    repository: makeEndpointsRepository(prisma),
    seal: secretBox.seal,
    open: secretBox.open,
    egressDenial: egress.denialOf,
  })
  const deliveries = makeDeliveryService({
    repository: makeDeliveriesRepository(prisma),
    endpoint: service.get,
    onPending: (endpointId) => notifier.changed([endpointId]),
  })
  const routes: WebhookRoutesDeps = { service, deliveries }
  return { routes, sender: makeSenderOf({ ...deps, egress }), measure: makeWebhookMeasures(prisma) }
}

function makeSenderOf({
  database,
  clock,
  logger,
  settings,
  version,
  ...deps
}: WebhooksDeps & { egress: Egress }): WebhookSender {
  const { prisma, sql } = database
  const { webhooks, pollIntervalMs } = settings
  const claims = makeClaimsRepository(sql, webhooks.leaseMs, deps.isTraced)
  const outcomes = makeOutcomesRepository(sql, webhooks)
  const attempts = makeAttempts({
    connector: () => deps.egress.connector(webhooks.timeoutMs),
    egressDeniedCode,
    egressDenial: deps.egress.denialOf,
    timeoutMs: webhooks.timeoutMs,
  })
  const deliver = makeDeliver({
    ...{
      attempts,
      claims,
      outcomes: { ...outcomes, delivered: joined(outcomes.delivered) },
      open: deps.secretBox.open,
      observe: deps.observeDelivery,
    },
    ...{ userAgent: `Switchyard/${version}`, settings: webhooks, log: logger, shutdown: deps.shutdown },
  })
  return makeSender({
    ...{ fanOut: makeFanOut(sql), claims, deliver, prune: makePruning(prisma, webhooks), close: attempts.close },
    ...{ wake: deps.notifier, intervalMs: pollIntervalMs, settings: webhooks, clock, log: logger },
  })
}

/** Deliveries that end at about the same time share one statement. */
function joined(write: (all: readonly Delivered[]) => Promise<void>): (one: Delivered) => Promise<void> {
  return makeBatcher<Delivered, void>({
    flush: async (all) => {
      await write(all)
      return []
    },
    ...{ concurrency: 2, maxItems: 200, keyOf: ({ id }) => id, isDataError, isTransient: isTransientError },
  })
}
