import { ApiError } from '../vocabulary/api-error.ts'
import type { DeliveriesRepository, EndpointOf } from './deliveries.repository.ts'
import type { DeliveryStatus, WebhookDelivery, WebhookEndpoint } from './webhook-endpoint.ts'

interface Deps {
  repository: DeliveriesRepository
  /** @throws ApiError if the project has no such endpoint */
  endpoint(projectId: string, id: string): Promise<WebhookEndpoint>
  /** Called for an endpoint with pending deliveries. */
  onPending(endpointId: string): void
}

/** Limits of a statement and of a request: 50,000 in total. */
const maxPerStatement = 1000
const maxStatements = 50

export type DeliveryService = ReturnType<typeof makeDeliveryService>

/** Reads, tests, redelivers and replays the deliveries of an endpoint. */
export function makeDeliveryService({ repository, endpoint, onPending }: Deps) {
  async function rejectDisabled({ projectId, id }: EndpointOf): Promise<void> {
    const { enabled } = await endpoint(projectId, id)
    if (enabled) return
    const detail = `Webhook endpoint ${id} is disabled. Enable it first: PATCH /webhook-endpoints/${id} {"enabled": true}.`
    throw new ApiError('conflict', detail)
  }

  async function get({ projectId, id }: Omit<EndpointOf, 'by'>, deliveryId: string): Promise<WebhookDelivery> {
    await endpoint(projectId, id)
    const delivery = await repository.get(id, deliveryId)
    if (delivery !== null) return delivery
    const detail = `Webhook endpoint ${id} has no delivery ${deliveryId}. See GET /webhook-endpoints/${id}/deliveries.`
    throw new ApiError('not_found', detail)
  }

  return {
    get,

    async list(
      { projectId, id }: { projectId: string; id: string },
      page: { status: DeliveryStatus | null; before: string | null; limit: number },
    ): Promise<WebhookDelivery[]> {
      await endpoint(projectId, id)
      return repository.list(id, page)
    },

    async test(target: EndpointOf): Promise<WebhookDelivery> {
      await rejectDisabled(target)
      const delivery = await repository.insertTest(target)
      // Disabled between the check and the insert: the error is the same.
      if (delivery === null) throw new ApiError('conflict', `Webhook endpoint ${target.id} is disabled.`)
      onPending(target.id)
      return delivery
    },

    async redeliver(target: EndpointOf, deliveryId: string): Promise<WebhookDelivery> {
      await rejectDisabled(target)
      await get(target, deliveryId)
      const delivery = await repository.redeliver(target, deliveryId)
      if (delivery === null) throw new ApiError('conflict', `Delivery ${deliveryId} is already pending.`)
      onPending(target.id)
      return delivery
    },

    async replay(target: EndpointOf, since: Date): Promise<{ count: number; isComplete: boolean }> {
      await rejectDisabled(target)
      let count = 0
      for (let left = maxStatements; left > 0; left -= 1) {
        const some = await repository.replay(target, { since, limit: maxPerStatement })
        count += some
        if (some > 0) onPending(target.id)
        if (some < maxPerStatement) return { count, isComplete: true }
      }
      return { count, isComplete: false }
    },
  }
}
