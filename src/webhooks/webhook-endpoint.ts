import type { Actor } from '../vocabulary/actor.ts'

/** Where the events of a project are posted to. */
export interface WebhookEndpoint {
  id: string
  projectId: string
  url: string
  description: string
  /** Exact types, or whole kinds as `job.*`; empty = all. */
  eventTypes: readonly string[]
  enabled: boolean
  /** Counts changes of what was asked of it, and its being disabled; not how its deliveries go. */
  version: number
  /** Since when no delivery has succeeded, where the last one has not. */
  failingSince: Date | null
  /** To the minute. */
  lastSucceededAt: Date | null
  disabledAt: Date | null
  /** Null where a client disabled it. */
  disabledReason: DisabledReason | null
  createdAt: Date
  updatedAt: Date
}

/** `gone`: it answered 410. `failing`: nothing has succeeded for days. */
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

/** Which endpoint a change is about, and whose it is. */
export interface EndpointTarget {
  projectId: string
  id: string
  by: Actor
  /** Only if it is still at this version. */
  ifVersions: readonly number[] | null
}

export interface SealedEndpoint extends WebhookEndpoint {
  sealedSecret: string
}

/** What changes; null stays. */
export interface EndpointChange {
  url: string | null
  description: string | null
  eventTypes: readonly string[] | null
  enabled: boolean | null
}

/** A new secret in the place of the one that was read. */
export interface Rotation {
  /** As it was read, so that one of two concurrent rotations fails. */
  from: string
  to: string
  overlapSeconds: number
}

/** `pending` until it is taken (`delivered`) or given up (`failed`). */
export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** One event for one endpoint. */
export interface WebhookDelivery {
  id: string
  endpointId: string
  /** `webhook-id` of the message, over all attempts. */
  eventId: string
  type: string
  status: DeliveryStatus
  attempts: number
  createdAt: Date
  /** Null while an attempt is under way, while its endpoint is disabled, and once it is settled. */
  nextAttemptAt: Date | null
  settledAt: Date | null
  lastAttemptAt: Date | null
  lastHttpStatus: number | null
  lastReason: SilentReason | null
}

/** Why an attempt got no HTTP status. */
export type SilentReason = 'timeout' | 'unreachable' | 'connection_lost' | 'egress_denied'

/** What is sealed: a JSON object. */
export type EndpointSecrets = {
  secret: string
  /** Signs as well while the overlap of a rotation lasts. */
  previous?: string
}
