import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { ownerOf } from '../http/caller.ts'
import { pageResponse, positionIn } from '../http/cursor.ts'
import { withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { instantOf } from '../vocabulary/instant.ts'
import type { DeliveryService } from './delivery-service.ts'
import { deliveryQuery } from './webhook.schemas.ts'
import { deliveryViewOf } from './webhook.view.ts'
import type { DeliveryStatus } from './webhook-endpoint.ts'

interface Deps {
  deliveries: DeliveryService
}

const path = '/webhook-endpoints/:id/deliveries'
const tags = ['Webhooks']
const config = { scopes: ['webhooks:manage'] as const }
const params = Type.Object({ id: idSchema('webhookEndpoint', 'Webhook endpoint id.') })
const deliveryParams = Type.Object({
  ...params.properties,
  deliveryId: idSchema('webhookDelivery', 'Delivery id.'),
})

/** Registers the deliveries of an endpoint: reads, tests, redelivery and replay. */
export function registerDeliveries(server: HttpServer, deps: Deps): void {
  registerList(server, deps)
  registerOne(server, deps)
  registerTest(server, deps)
  registerRedelivery(server, deps)
  registerReplay(server, deps)
}

function registerList(server: HttpServer, { deliveries }: Deps): void {
  server.get(
    path,
    {
      config,
      schema: {
        tags,
        operationId: 'listWebhookDeliveries',
        summary: 'List deliveries',
        description: 'Deliveries of the endpoint, newest first, with the result of the last attempt.',
        params,
        querystring: deliveryQuery,
        response: { 200: Type.Ref('WebhookDeliveryPage'), ...errorResponses(404) },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filters } = request.query as Static<typeof deliveryQuery>
      const { id } = request.params as { id: string }
      const list = { name: `webhook-endpoints/${id}/deliveries`, filters }
      const before = positionIn<{ id: string }>(cursor, list)?.id ?? null
      const status = (filters.status ?? null) as DeliveryStatus | null
      const found = await deliveries.list(
        { projectId: request.caller.projectId, id },
        { status, before, limit: limit + 1 },
      )
      return pageResponse(found, { limit, list, view: deliveryViewOf })
    },
  )
}

function registerOne(server: HttpServer, { deliveries }: Deps): void {
  server.get(
    `${path}/:deliveryId`,
    {
      config,
      schema: {
        tags,
        operationId: 'getWebhookDelivery',
        summary: 'Get a delivery',
        description: 'Returns the status of the delivery and the result of its last attempt.',
        params: deliveryParams,
        response: { 200: Type.Ref('WebhookDelivery'), ...errorResponses(404) },
      },
    },
    async (request) => {
      const { deliveryId } = request.params as Static<typeof deliveryParams>
      return deliveryViewOf(await deliveries.get(endpointOf(request), deliveryId))
    },
  )
}

function registerTest(server: HttpServer, { deliveries }: Deps): void {
  server.post(
    '/webhook-endpoints/:id/test',
    {
      config,
      schema: {
        tags,
        operationId: 'testWebhookEndpoint',
        summary: 'Send a test event',
        description: 'Sends a `webhook.test` message; ignores `eventTypes`. See deliveries for the result.',
        params,
        response: { 202: withHeaders(Type.Ref('WebhookDelivery'), 'Location'), ...errorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      const delivery = await deliveries.test(endpointOf(request))
      return reply
        .code(202)
        .header('location', `${placeOf(delivery.endpointId)}/${delivery.id}`)
        .send(deliveryViewOf(delivery))
    },
  )
}

function registerRedelivery(server: HttpServer, { deliveries }: Deps): void {
  server.post(
    `${path}/:deliveryId/redeliver`,
    {
      config,
      schema: {
        tags,
        operationId: 'redeliverWebhook',
        summary: 'Redeliver a delivery',
        description:
          'For a delivered or failed delivery. Uses the same `webhook-id` and starts the full retry schedule.',
        params: deliveryParams,
        response: { 202: withHeaders(Type.Ref('WebhookDelivery'), 'Location'), ...errorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      const { deliveryId } = request.params as Static<typeof deliveryParams>
      const delivery = await deliveries.redeliver(endpointOf(request), deliveryId)
      return reply
        .code(202)
        .header('location', `${placeOf(delivery.endpointId)}/${delivery.id}`)
        .send(deliveryViewOf(delivery))
    },
  )
}

function registerReplay(server: HttpServer, { deliveries }: Deps): void {
  server.post(
    '/webhook-endpoints/:id/replay',
    {
      config,
      schema: {
        tags,
        operationId: 'replayWebhookEndpoint',
        summary: 'Replay failed deliveries',
        description:
          'Re-queues deliveries that failed since a time, oldest first, up to 50,000 per request. `isComplete: false` means more remain: repeat the request.',
        params,
        body: Type.Ref('WebhookReplayRequest'),
        response: {
          202: withHeaders(Type.Ref('WebhookReplayResult'), 'Location'),
          ...errorResponses(404, 409, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const { since } = request.body as { since: string }
      const target = endpointOf(request)
      const replayed = await deliveries.replay(target, instantOf(since, { in: 'body', pointer: '/since' }))
      return reply
        .code(202)
        .header('location', `${placeOf(target.id)}?status=pending`)
        .send(replayed)
    },
  )
}

function endpointOf(request: FastifyRequest) {
  return { ...ownerOf(request), id: (request.params as { id: string }).id }
}

function placeOf(endpointId: string): string {
  return `/webhook-endpoints/${endpointId}/deliveries`
}
