import { type Static, Type } from '@sinclair/typebox'
import { etagOf, sendRecord, targetOf } from '../http/conditional.ts'
import { pageResponse, positionIn } from '../http/cursor.ts'
import { changeHeaders, readHeaders, withHeaders } from '../http/headers.ts'
import { errorResponses, notModified } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { registerDeliveries } from './deliveries.routes.ts'
import type { DeliveryService } from './delivery-service.ts'
import { endpointQuery, webhookSchemas } from './webhook.schemas.ts'
import { freshViewOf, viewOf } from './webhook.view.ts'
import { WebhookMessage, WebhookMessageData } from './webhook-message.schemas.ts'
import type { EndpointPatch, EndpointRequest, WebhookService } from './webhook-service.ts'

export interface WebhookRoutesDeps {
  service: WebhookService
  deliveries: DeliveryService
}

const tags = ['Webhooks']
const config = { scopes: ['webhooks:manage'] as const }
const params = Type.Object({ id: idSchema('webhookEndpoint', 'Webhook endpoint id.') })

export async function registerWebhooks(server: HttpServer, deps: WebhookRoutesDeps): Promise<void> {
  for (const schema of [...webhookSchemas, WebhookMessage, WebhookMessageData]) server.addSchema(schema)
  registerCollection(server, deps)
  registerOne(server, deps)
  registerChange(server, deps)
  registerRotation(server, deps)
  registerDeliveries(server, deps)
}

function registerCollection(server: HttpServer, { service }: WebhookRoutesDeps): void {
  server.post(
    '/webhook-endpoints',
    {
      config,
      schema: {
        tags,
        operationId: 'createWebhookEndpoint',
        summary: 'Create a webhook endpoint',
        description:
          'Receives events from now on. The response contains the signing secret, shown only once. Limit: 50 per project.',
        body: Type.Ref('WebhookEndpointRequest'),
        response: {
          201: withHeaders(Type.Ref('WebhookEndpointWithSecret'), 'ETag', 'Location'),
          ...errorResponses(413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      const endpoint = await service.create(request.caller, request.body as EndpointRequest)
      return reply
        .code(201)
        .headers({ location: `/webhook-endpoints/${endpoint.id}`, etag: etagOf(endpoint) })
        .send(freshViewOf(endpoint))
    },
  )
  server.get(
    '/webhook-endpoints',
    {
      config,
      schema: {
        tags,
        operationId: 'listWebhookEndpoints',
        summary: 'List webhook endpoints',
        description: 'Webhook endpoints of the project, oldest first. Signing secrets are not returned.',
        querystring: endpointQuery,
        response: { 200: Type.Ref('WebhookEndpointPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query as Static<typeof endpointQuery>
      const list = { name: 'webhook-endpoints', filters: {} }
      const after = positionIn<{ id: string }>(cursor, list)?.id ?? null
      const found = await service.list(request.caller.projectId, { after, limit: limit + 1 })
      return pageResponse(found, { limit, list, view: viewOf })
    },
  )
}

function registerOne(server: HttpServer, { service }: WebhookRoutesDeps): void {
  server.get(
    '/webhook-endpoints/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getWebhookEndpoint',
        summary: 'Get a webhook endpoint',
        description: 'Returns configuration and delivery health. The signing secret is not returned.',
        params,
        headers: readHeaders,
        response: { 200: withHeaders(Type.Ref('WebhookEndpoint'), 'ETag'), ...notModified(), ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const endpoint = await service.get(request.caller.projectId, (request.params as { id: string }).id)
      return sendRecord(request, reply, endpoint, viewOf(endpoint))
    },
  )
  server.delete(
    '/webhook-endpoints/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'deleteWebhookEndpoint',
        summary: 'Delete a webhook endpoint',
        description: 'Pending deliveries are dropped and the delivery history is deleted.',
        params,
        headers: changeHeaders,
        response: { 204: Type.Null({ description: 'Deleted.' }), ...errorResponses(404, 412) },
      },
    },
    async (request, reply) => {
      await service.remove(targetOf(request))
      return reply.code(204).send(null)
    },
  )
}

function registerChange(server: HttpServer, { service }: WebhookRoutesDeps): void {
  server.patch(
    '/webhook-endpoints/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'updateWebhookEndpoint',
        summary: 'Update a webhook endpoint',
        description:
          'While the endpoint is disabled, no deliveries are created; pending ones are kept for up to 30 days.',
        params,
        headers: changeHeaders,
        body: Type.Ref('WebhookEndpointPatch'),
        response: { 200: withHeaders(Type.Ref('WebhookEndpoint'), 'ETag'), ...errorResponses(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const endpoint = await service.change(targetOf(request), request.body as EndpointPatch)
      return reply.header('etag', etagOf(endpoint)).send(viewOf(endpoint))
    },
  )
}

function registerRotation(server: HttpServer, { service }: WebhookRoutesDeps): void {
  server.post(
    '/webhook-endpoints/:id/rotate-secret',
    {
      config,
      schema: {
        tags,
        operationId: 'rotateWebhookSecret',
        summary: 'Rotate a webhook secret',
        description:
          'For `overlapSeconds`, messages are signed with both secrets, so receivers can verify with either. The response contains the new secret, shown only once.',
        params,
        headers: changeHeaders,
        body: Type.Ref('WebhookSecretRotation'),
        response: {
          200: withHeaders(Type.Ref('WebhookEndpointWithSecret'), 'ETag'),
          ...errorResponses(404, 412, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const { overlapSeconds = 86_400 } = request.body as { overlapSeconds?: number }
      const endpoint = await service.rotateSecret(targetOf(request), overlapSeconds)
      return reply.header('etag', etagOf(endpoint)).send(freshViewOf(endpoint))
    },
  )
}
