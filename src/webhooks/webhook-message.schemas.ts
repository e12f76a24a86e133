import { Type } from '@sinclair/typebox'

/** Body of a delivery. The payload is stored with its event, so fields may be added, never changed. */
export const WebhookMessage = Type.Object(
  {
    type: Type.String({
      description: 'Event type, such as `job.succeeded`, or `webhook.test`. Extensible; expect new values.',
    }),
    timestamp: Type.String({ format: 'date-time', description: 'Time of the event.' }),
    data: Type.Ref('WebhookMessageData'),
  },
  { $id: 'WebhookMessage', description: 'Message that is sent to webhook endpoints.' },
)

export const WebhookMessageData = Type.Object(
  {
    eventId: Type.String({ description: 'Id of the event, also in `webhook-id`.' }),
    recordId: Type.Optional(Type.String({ description: 'Id of the job or environment that changed.' })),
    kind: Type.Optional(Type.String({ description: 'Kind of the record: `job` or `environment`.' })),
    seq: Type.Optional(Type.Integer({ description: 'Sequence number of the event within the record.' })),
    status: Type.Optional(Type.String({ description: 'Resulting status, if the event changes it.' })),
    reason: Type.Optional(Type.String({ description: 'Reason of the status. Extensible; expect new values.' })),
    message: Type.Optional(Type.String({ description: 'Human-readable reason.' })),
    remoteState: Type.Optional(Type.String({ description: 'Raw provider state.' })),
    endpointId: Type.Optional(Type.String({ description: 'Endpoint of a test event.' })),
  },
  {
    $id: 'WebhookMessageData',
    additionalProperties: true,
    description: 'What changed. Test events have no record. New fields may be added.',
  },
)
