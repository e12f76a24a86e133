import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** A W3C `traceparent`. */
const traceParent = Type.String({ pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' })

/** All queues, with the schemas of their payloads: only ids, never specs or secrets. */
export const queues = {
  /** Work is due over this connection. A lost message delays work but never loses it. */
  reconcile: {
    name: 'switchyard-reconcile',
    payload: Type.Object(
      {
        connectionId: Type.String({ pattern: '^conn_[0-9a-z]{26}$' }),
        /** Of the request that caused the message, if it was traced. */
        traceParent: Type.Optional(traceParent),
      },
      { additionalProperties: false },
    ),
  },
} as const

export type QueueName = keyof typeof queues
export type Payload<Q extends QueueName> = Static<(typeof queues)[Q]['payload']>

/** A valid payload; null if the message is invalid and therefore not from Switchyard. */
export function readPayload<Q extends QueueName>(queue: Q, data: unknown): Payload<Q> | null {
  const { payload } = queues[queue]
  return Value.Check(payload, data) ? (data as Payload<Q>) : null
}
