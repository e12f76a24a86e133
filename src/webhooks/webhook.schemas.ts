import { Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { deliveryStatuses } from './webhook-endpoint.ts'

const time = (description: string) => Type.String({ format: 'date-time', description })
const moment = (description: string) => Type.Optional(time(description))
const closed = { additionalProperties: false }
const day = 86_400

const url = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'Events are posted to it: https, without user or password.',
  examples: ['https://example.com/hooks/switchyard'],
})
const description = Type.String({ maxLength: 512 })
const eventTypes = Type.Array(
  Type.String({ maxLength: 64, pattern: '^(job|environment)\\.(\\*|[a-z][a-z_]*)$', examples: ['job.succeeded'] }),
  {
    maxItems: 64,
    uniqueItems: true,
    description: 'Types of events, such as `job.succeeded`, or all of a kind, as `job.*`. Absent or empty: all.',
  },
)
const enabled = Type.Boolean({ description: 'false: nothing is recorded or sent for it.' })
const status = Type.Unsafe<string>({ type: 'string', enum: [...deliveryStatuses] })

const WebhookEndpointRequest = Type.Object(
  {
    url,
    description: Type.Optional(description),
    eventTypes: Type.Optional(eventTypes),
    enabled: Type.Optional(enabled),
  },
  { $id: 'WebhookEndpointRequest', ...closed },
)
const WebhookEndpointPatch = Type.Object(
  {
    url: Type.Optional(url),
    description: Type.Optional(description),
    eventTypes: Type.Optional(eventTypes),
    enabled: Type.Optional(
      Type.Boolean({
        description: 'true, after it was disabled: it gets what happens from now on, and what was pending.',
      }),
    ),
  },
  { $id: 'WebhookEndpointPatch', ...closed, minProperties: 1 },
)

const endpointFields = {
  id: idSchema('webhookEndpoint', 'The endpoint.'),
  url: Type.String(),
  description: Type.String(),
  eventTypes: Type.Array(Type.String(), { description: 'Empty: all.' }),
  enabled: Type.Boolean(),
  version: Type.Integer({
    description:
      'Counts changes of what was asked, and being disabled; also the ETag. How deliveries go is not counted.',
  }),
  failingSince: moment('Since then nothing has succeeded, and the last delivery failed.'),
  lastSucceededAt: moment('To the minute.'),
  disabledAt: moment('Since then it gets nothing.'),
  disabledReason: Type.Optional(
    Type.String({
      description:
        '`gone`: it answered 410. `failing`: nothing succeeded for five days. Absent where a client disabled it.',
    }),
  ),
  createdAt: time('When it was made.'),
  updatedAt: time('When it was changed.'),
}
const WebhookEndpointSchema = Type.Object(endpointFields, {
  $id: 'WebhookEndpoint',
  description: 'Where the events of the project are posted to. Its secret is not shown.',
})
const WebhookEndpointWithSecret = Type.Object(
  {
    ...endpointFields,
    secret: Type.String({ description: 'Verifies what is posted: shown this once.', examples: ['whsec_…'] }),
  },
  { $id: 'WebhookEndpointWithSecret', description: 'An endpoint that was just made, or whose secret is new.' },
)

const WebhookSecretRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 7 * day,
        default: day,
        description: 'How long messages are signed with the old secret as well.',
      }),
    ),
  },
  { $id: 'WebhookSecretRotation', ...closed },
)
const WebhookReplayRequest = Type.Object(
  { since: time('Deliveries that were made since then, and have failed.') },
  { $id: 'WebhookReplayRequest', ...closed },
)
const WebhookReplayResult = Type.Object(
  {
    count: Type.Integer({ description: 'Deliveries that are pending again.' }),
    isComplete: Type.Boolean({ description: 'false: there are more; ask again.' }),
  },
  { $id: 'WebhookReplayResult', description: 'How many deliveries are sent again.' },
)

const WebhookDeliverySchema = Type.Object(
  {
    id: idSchema('webhookDelivery', 'The delivery.'),
    eventId: Type.String({ description: '`webhook-id` of the message, the same over all attempts.' }),
    type: Type.String({ examples: ['job.succeeded'] }),
    status,
    attempts: Type.Integer(),
    createdAt: time('When it was recorded.'),
    nextAttemptAt: moment('When it is tried, unless the endpoint is disabled.'),
    deliveredAt: moment('When a 2xx came.'),
    lastAttempt: Type.Optional(
      Type.Object(
        {
          at: time('When it ended.'),
          httpStatus: Type.Optional(Type.Integer({ description: 'What the endpoint answered.' })),
          reason: Type.Optional(
            Type.String({
              description:
                'Why there was no answer: `timeout`, `unreachable`, `connection_lost`, `egress_denied`. An open list.',
            }),
          ),
        },
        { description: 'How the last attempt went.' },
      ),
    ),
  },
  { $id: 'WebhookDelivery', description: 'One event for one endpoint. Kept for 30 days after it is settled.' },
)

export const webhookSchemas = [
  WebhookEndpointRequest,
  WebhookEndpointPatch,
  WebhookEndpointSchema,
  WebhookEndpointWithSecret,
  pageOf('WebhookEndpoint', 'WebhookEndpointPage', 'Endpoints, oldest first.'),
  WebhookSecretRotation,
  WebhookReplayRequest,
  WebhookReplayResult,
  WebhookDeliverySchema,
  pageOf('WebhookDelivery', 'WebhookDeliveryPage', 'Deliveries, newest first.'),
]

const page = { limit: Type.Optional(limitQuery), cursor: Type.Optional(cursorQuery) }

export const endpointQuery = Type.Object(page, closed)
export const deliveryQuery = Type.Object({ ...page, status: Type.Optional(status) }, closed)
