import type { Actor } from '../vocabulary/actor.ts'

/** Endpoint that receives the events of a project. */
export interface WebhookEndpoint {
  id: string
  projectId: string
  url: string
  description: string
  /** Exact types, or whole kinds as `job.*`; empty = all. */
  eventTypes: readonly string[]
  enabled: boolean
  /** Incremented when the configuration changes or the endpoint is disabled; not by deliveries. */
  version: number
  /** Start of the current series of failures; null if the last delivery succeeded. */
  failingSince: Date | null
  /** To the minute. */
  lastSucceededAt: Date | null
  disabledAt: Date | null
  /** Null if a client disabled it. */
  disabledReason: DisabledReason | null
  createdAt: Date
  updatedAt: Date
}

/** `gone`: it returned 410. `failing`: no delivery has succeeded for days. */
export type DisabledReason = 'gone' | 'failing'

export interface NewEndpoint {
  id: string
  projectId: string
  by: Actor
  url: string
  description: string
  eventTypes: readonly string[]
  enabled: boolean
  sealedSecret: string
}

/** Target of a change. */
export interface EndpointTarget {
  projectId: string
  id: string
  by: Actor
  /** Accepted versions; null = any. */
  ifVersions: readonly number[] | null
}

export interface SealedEndpoint extends WebhookEndpoint {
  sealedSecret: string
}

/** Fields to change; null = unchanged. */
export interface EndpointChange {
  url: string | null
  description: string | null
  eventTypes: readonly string[] | null
  enabled: boolean | null
}

/** Replacement of a secret. */
export interface Rotation {
  /** Sealed secret as read, so that one of two concurrent rotations fails. */
  from: string
  to: string
  overlapSeconds: number
}

/** `pending` until accepted by the endpoint (`delivered`) or permanently failed (`failed`). */
export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** One event for one endpoint. */
export interface WebhookDelivery {
  id: string
  endpointId: string
  /** `webhook-id` of the message, the same for all attempts. */
  eventId: string
  type: string
  status: DeliveryStatus
  attempts: number
  createdAt: Date
  /** Null while an attempt is in flight, while the endpoint is disabled, and after the delivery has finished. */
  nextAttemptAt: Date | null
  settledAt: Date | null
  lastAttemptAt: Date | null
  lastHttpStatus: number | null
  lastReason: NoResponseReason | null
}

/** Reason why an attempt received no HTTP status. */
export type NoResponseReason = 'timeout' | 'unreachable' | 'connection_lost' | 'egress_denied'

/** Sealed content: a JSON object. */
export type EndpointSecrets = {
  secret: string
  /** Signs as well while the overlap of a rotation lasts. */
  previous?: string
}
