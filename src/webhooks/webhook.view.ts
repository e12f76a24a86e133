import type { WebhookDelivery, WebhookEndpoint } from './webhook-endpoint.ts'

/** Client view of an endpoint, without its secret. */
export function viewOf(endpoint: WebhookEndpoint) {
  const { id, url, description, eventTypes, enabled, version, disabledReason } = endpoint
  return {
    ...{ id, url, description, eventTypes, enabled, version },
    ...timesOf({
      failingSince: endpoint.failingSince,
      lastSucceededAt: endpoint.lastSucceededAt,
      disabledAt: endpoint.disabledAt,
    }),
    ...(disabledReason === null ? {} : { disabledReason }),
    createdAt: endpoint.createdAt.toISOString(),
    updatedAt: endpoint.updatedAt.toISOString(),
  }
}

export function freshViewOf(endpoint: WebhookEndpoint & { secret: string }) {
  return { ...viewOf(endpoint), secret: endpoint.secret }
}

export function deliveryViewOf(delivery: WebhookDelivery) {
  const { id, eventId, type, status, attempts, createdAt, nextAttemptAt, settledAt } = delivery
  return {
    ...{ id, eventId, type, status, attempts, createdAt: createdAt.toISOString() },
    ...timesOf({ nextAttemptAt, deliveredAt: status === 'delivered' ? settledAt : null }),
    ...lastAttemptOf(delivery),
  }
}

function lastAttemptOf({ lastAttemptAt, lastHttpStatus, lastReason }: WebhookDelivery) {
  if (lastAttemptAt === null) return {}
  return {
    lastAttempt: {
      at: lastAttemptAt.toISOString(),
      ...(lastHttpStatus === null ? {} : { httpStatus: lastHttpStatus }),
      ...(lastReason === null ? {} : { reason: lastReason }),
    },
  }
}

function timesOf(times: Readonly<Record<string, Date | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(times).flatMap(([name, at]) => (at === null ? [] : [[name, at.toISOString()]])),
  )
}
