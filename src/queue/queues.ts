import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** Every queue, with the schema of what travels in it: ids only, never specs or secrets. */
export const queues = {
  /** "Something is due over this connection." Losing one costs time, never work. */
  reconcile: {
    name: 'switchyard-reconcile',
    payload: Type.Object(
      { connectionId: Type.String({ pattern: '^conn_[0-9a-z]{26}$' }) },
      { additionalProperties: false },
    ),
  },
} as const

export type QueueName = keyof typeof queues
export type Payload<Q extends QueueName> = Static<(typeof queues)[Q]['payload']>

/** A payload of the right form; null = whoever sent it was not us. */
export function readPayload<Q extends QueueName>(queue: Q, data: unknown): Payload<Q> | null {
  const { payload } = queues[queue]
  return Value.Check(payload, data) ? (data as Payload<Q>) : null
}
