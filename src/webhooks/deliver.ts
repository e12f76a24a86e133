import type { Attempts, EndpointResponse } from './attempt.ts'
import type { ClaimedDelivery, ClaimsRepository } from './claims.repository.ts'
import { deliveryOutcome } from './delivery-outcome.ts'
import type { Delivered, OutcomesRepository } from './outcomes.repository.ts'
import { signedHeaders } from './signature.ts'
import type { EndpointSecrets } from './webhook-endpoint.ts'
import type { WebhookSettings } from './webhook-settings.ts'

export interface DeliverDeps {
  attempts: Pick<Attempts, 'post'>
  claims: Pick<ClaimsRepository, 'release'>
  outcomes: Pick<OutcomesRepository, 'failed'> & { delivered(delivery: Delivered): Promise<void> }
  observe: ObserveDelivery
  /** @throws if no key of this process decrypts it */
  open(endpointId: string, sealed: string): object
  userAgent: string
  settings: WebhookSettings
  log: {
    info(context: object, message: string): void
    warn(context: object, message: string): void
    error(context: object, message: string): void
  }
  /** Aborts deliveries in flight: their leases expire, and another worker sends them again. */
  shutdown: AbortSignal
}

/**
 * Measures and traces a delivery. Runs `post` exactly once, with headers to send along, and returns or throws what it
 * does.
 */
export type ObserveDelivery = (
  claim: ClaimedDelivery,
  post: (headers: Readonly<Record<string, string>>) => Promise<EndpointResponse>,
) => Promise<EndpointResponse>

/** Pause until an operator has corrected the keys; no attempts are counted meanwhile. */
const whenUnopenableMs = 60_000

/** Sends a delivery once and records the outcome. Must not run inside a transaction. */
export function makeDeliver(deps: DeliverDeps): (claim: ClaimedDelivery) => Promise<void> {
  return async (claim) => {
    const secrets = secretsOf(deps, claim)
    if (secrets === null) return deps.claims.release(claim, whenUnopenableMs)
    const { headers, ...message } = messageOf(deps, claim, secrets)
    const response = await deps.observe(claim, (more) =>
      deps.attempts.post({ ...message, headers: { ...headers, ...more } }, deps.shutdown),
    )
    await recordOutcome(deps, claim, response)
  }
}

function secretsOf({ open, log }: DeliverDeps, claim: ClaimedDelivery): EndpointSecrets | null {
  try {
    const { secret, previous } = open(claim.endpointId, claim.sealedSecret) as EndpointSecrets
    return claim.isOverlapping && previous !== undefined ? { secret, previous } : { secret }
  } catch (error) {
    log.error({ err: error, endpointId: claim.endpointId }, 'webhook secret decryption failed')
    return null
  }
}

/** Uses the database time: receivers would reject messages of a worker with a wrong clock. */
function messageOf({ userAgent }: DeliverDeps, claim: ClaimedDelivery, secrets: EndpointSecrets) {
  const body = JSON.stringify(claim.payload)
  const signed = signedHeaders({ id: claim.eventId, at: claim.now, body }, secrets)
  return { url: claim.url, headers: { 'content-type': 'application/json', 'user-agent': userAgent, ...signed }, body }
}

async function recordOutcome(deps: DeliverDeps, claim: ClaimedDelivery, response: EndpointResponse): Promise<void> {
  const { outcomes, log, settings } = deps
  const { id: deliveryId, endpointId, eventId, leaseId, configEpoch, retryStep, failures, now } = claim
  const outcome = deliveryOutcome(response, { retryStep, failures, now, chance: Math.random() }, settings)
  const httpStatus = 'httpStatus' in response ? response.httpStatus : null
  if (outcome.is === 'delivered')
    return outcomes.delivered({ id: deliveryId, leaseId, endpointId, configEpoch, httpStatus })
  const disabled = await outcomes.failed(claim, response, outcome)
  const result = 'httpStatus' in response ? { httpStatus: response.httpStatus } : { reason: response.reason }
  const context = { deliveryId, endpointId, eventId, attempt: retryStep + 1, ...result }
  if (disabled !== null) log.warn({ ...context, disabled }, 'webhook endpoint disabled')
  else if (outcome.retryMs === null) log.warn(context, 'webhook delivery failed permanently')
  else log.info(context, 'webhook delivery failed; retrying')
}
