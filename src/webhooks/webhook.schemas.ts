import { Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { nullable } from '../vocabulary/nullable.ts'
import { deliveryStatuses } from './webhook-endpoint.ts'

const time = (description: string) => Type.String({ format: 'date-time', description })
const optionalTime = (description: string) => Type.Optional(time(description))
const closed = { additionalProperties: false }
const day = 86_400

const url = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'Delivery URL: `https`, without user name or password.',
  examples: ['https://example.com/hooks/switchyard'],
})
const description = Type.String({ maxLength: 512, description: 'Free-form description.' })
const eventTypes = Type.Array(
  Type.String({ maxLength: 64, pattern: '^(job|environment)\\.(\\*|[a-z][a-z_]*)$', examples: ['job.succeeded'] }),
  {
    maxItems: 64,
    uniqueItems: true,
    description: 'Event types to deliver, such as `job.succeeded`, or `job.*` for all of a kind. Absent or empty: all.',
  },
)
const enabled = Type.Boolean({ description: '`false`: no deliveries are created or sent.' })
const status = Type.Unsafe<string>({ type: 'string', enum: [...deliveryStatuses], description: 'Delivery status.' })

const WebhookEndpointRequest = Type.Object(
  {
    url,
    description: Type.Optional(description),
    eventTypes: Type.Optional(eventTypes),
    enabled: Type.Optional(enabled),
  },
  { $id: 'WebhookEndpointRequest', ...closed, description: 'Webhook endpoint to create.' },
)
const WebhookEndpointPatch = Type.Object(
  {
    url: Type.Optional(url),
    description: Type.Optional(description),
    eventTypes: Type.Optional(
      nullable({
        ...eventTypes,
        description: `${eventTypes.description?.replace('Absent or empty', 'Empty or `null`')}`,
      }),
    ),
    enabled: Type.Optional(
      Type.Boolean({
        description: '`true` resumes delivery of pending and new events; `false` suspends it.',
      }),
    ),
  },
  { $id: 'WebhookEndpointPatch', ...closed, minProperties: 1, description: 'Changes to a webhook endpoint.' },
)

const endpointFields = {
  id: idSchema('webhookEndpoint', 'Webhook endpoint id.'),
  url: Type.String({ description: 'Delivery URL.' }),
  description,
  eventTypes: Type.Array(Type.String(), { description: 'Event types to deliver; empty: all.' }),
  enabled: Type.Boolean({ description: 'Whether events are delivered.' }),
  version: Type.Integer({
    description:
      'Version, incremented by configuration changes and automatic disabling, not by deliveries; also its `ETag`.',
  }),
  failingSince: optionalTime('Failing since: no delivery has succeeded since then.'),
  lastSucceededAt: optionalTime('Last successful delivery at, with minute precision.'),
  disabledAt: optionalTime('Disabled at.'),
  disabledReason: Type.Optional(
    Type.String({
      description:
        '`gone`: the endpoint returned 410. `failing`: no delivery succeeded for five days. Absent if disabled by a client.',
    }),
  ),
  createdAt: time('Created at.'),
  updatedAt: time('Updated at.'),
}
const WebhookEndpointSchema = Type.Object(endpointFields, {
  $id: 'WebhookEndpoint',
  description: 'Webhook endpoint of the project. The signing secret is not returned.',
})
const WebhookEndpointWithSecret = Type.Object(
  {
    ...endpointFields,
    secret: Type.String({ description: 'Signing secret; shown only once.', examples: ['whsec_…'] }),
  },
  {
    $id: 'WebhookEndpointWithSecret',
    description: 'Webhook endpoint with its signing secret, returned on creation and rotation.',
  },
)

const WebhookSecretRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 7 * day,
        default: day,
        description: 'How long messages are also signed with the old secret, in seconds.',
      }),
    ),
  },
  { $id: 'WebhookSecretRotation', ...closed, description: 'Rotation of a webhook secret.' },
)
const WebhookReplayRequest = Type.Object(
  { since: time('Replay failed deliveries created since this time.') },
  { $id: 'WebhookReplayRequest', ...closed, description: 'Which failed deliveries to replay.' },
)
const WebhookReplayResult = Type.Object(
  {
    count: Type.Integer({ description: 'Number of deliveries re-queued.' }),
    isComplete: Type.Boolean({ description: '`false`: more deliveries remain; repeat the request.' }),
  },
  { $id: 'WebhookReplayResult', description: 'Replay result.' },
)

const WebhookDeliverySchema = Type.Object(
  {
    id: idSchema('webhookDelivery', 'Delivery id.'),
    eventId: Type.String({ description: '`webhook-id` of the message, constant across attempts.' }),
    type: Type.String({ description: 'Event type.', examples: ['job.succeeded'] }),
    status,
    attempts: Type.Integer({ description: 'Number of delivery attempts.' }),
    createdAt: time('Created at.'),
    nextAttemptAt: optionalTime('Time of the next attempt, unless the endpoint is disabled.'),
    deliveredAt: optionalTime('Delivered at.'),
    lastAttempt: Type.Optional(
      Type.Object(
        {
          at: time('Completed at.'),
          httpStatus: Type.Optional(Type.Integer({ description: 'HTTP status returned by the endpoint.' })),
          reason: Type.Optional(
            Type.String({
              description:
                'Reason without a response: `timeout`, `unreachable`, `connection_lost`, `egress_denied`. Extensible; expect new values.',
            }),
          ),
        },
        { description: 'Last attempt.' },
      ),
    ),
  },
  {
    $id: 'WebhookDelivery',
    description: 'Delivery of an event to an endpoint. Kept for 30 days after it is delivered or failed.',
  },
)

export const webhookSchemas = [
  WebhookEndpointRequest,
  WebhookEndpointPatch,
  WebhookEndpointSchema,
  WebhookEndpointWithSecret,
  pageOf('WebhookEndpoint', 'WebhookEndpointPage', 'Page of webhook endpoints, oldest first.'),
  WebhookSecretRotation,
  WebhookReplayRequest,
  WebhookReplayResult,
  WebhookDeliverySchema,
  pageOf('WebhookDelivery', 'WebhookDeliveryPage', 'Page of deliveries, newest first.'),
]

const page = { limit: Type.Optional(limitQuery), cursor: Type.Optional(cursorQuery) }

export const endpointQuery = Type.Object(page, closed)
export const deliveryQuery = Type.Object({ ...page, status: Type.Optional(status) }, closed)
