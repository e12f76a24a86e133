import { type Api, type CallOptions, type ChangeOptions, ifMatch } from '../api.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import type {
  PageQuery,
  WebhookDelivery,
  WebhookDeliveryFilter,
  WebhookEndpoint,
  WebhookEndpointPatch,
  WebhookEndpointRequest,
  WebhookEndpointWithSecret,
  WebhookReplayRequest,
  WebhookReplayResult,
  WebhookSecretRotation,
} from '../types.ts'

export interface WebhookEndpoints {
  /** Returns the signing secret, which is shown only once. */
  create(request: WebhookEndpointRequest, options?: CallOptions): Promise<WebhookEndpointWithSecret>
  list(query?: PageQuery, options?: CallOptions): List<WebhookEndpoint>
  get(id: string, options?: CallOptions): Promise<WebhookEndpoint>
  update(id: string, patch: WebhookEndpointPatch, options?: ChangeOptions): Promise<WebhookEndpoint>
  delete(id: string, options?: ChangeOptions): Promise<void>
  /** Returns a new signing secret. Only the two latest sign: pass `ifMatch`, so that a retry does not retire one. */
  rotateSecret(
    id: string,
    rotation?: WebhookSecretRotation,
    options?: ChangeOptions,
  ): Promise<WebhookEndpointWithSecret>
  /** Sends a message of type `webhook.test`. */
  test(id: string, options?: CallOptions): Promise<WebhookDelivery>
  deliveries(id: string, filter?: WebhookDeliveryFilter, options?: CallOptions): List<WebhookDelivery>
  delivery(id: string, deliveryId: string, options?: CallOptions): Promise<WebhookDelivery>
  redeliver(id: string, deliveryId: string, options?: CallOptions): Promise<WebhookDelivery>
  /** Re-queues the failed deliveries since a time. Repeat it until `isComplete`. */
  replay(id: string, request: WebhookReplayRequest, options?: CallOptions): Promise<WebhookReplayResult>
}

export function makeWebhookEndpoints(api: Api): WebhookEndpoints {
  return { ...makeEndpoints(api), ...makeDeliveries(api) }
}

function makeEndpoints(api: Api) {
  return {
    create: (body: WebhookEndpointRequest, options?: CallOptions) =>
      api.call((http, init) => http.POST('/webhook-endpoints', { ...init, body }), options),
    list: (query: PageQuery = {}, options?: CallOptions) =>
      makeList<WebhookEndpoint>((cursor) => {
        const params = { query: withCursor(query, cursor) }
        return api.call((http, init) => http.GET('/webhook-endpoints', { ...init, params }), options)
      }, query.cursor),
    get: (id: string, options?: CallOptions) =>
      api.call((http, init) => http.GET('/webhook-endpoints/{id}', { ...init, params: at(id) }), options),
    update: (id: string, body: WebhookEndpointPatch, options?: ChangeOptions) =>
      api.call((http, init) => http.PATCH('/webhook-endpoints/{id}', { ...init, params: at(id), body }), options, {
        headers: ifMatch(options),
      }),
    async delete(id: string, options?: ChangeOptions) {
      const params = at(id)
      await api.send((http, init) => http.DELETE('/webhook-endpoints/{id}', { ...init, params }), options, {
        headers: ifMatch(options),
        isDeletion: true,
      })
    },
    rotateSecret: (id: string, body: WebhookSecretRotation = {}, options?: ChangeOptions) => {
      const params = at(id)
      const headers = ifMatch(options)
      const rotate = '/webhook-endpoints/{id}/rotate-secret'
      return api.call((http, init) => http.POST(rotate, { ...init, params, body }), options, { headers })
    },
    test: (id: string, options?: CallOptions) =>
      api.call((http, init) => http.POST('/webhook-endpoints/{id}/test', { ...init, params: at(id) }), options),
  }
}

function makeDeliveries(api: Api) {
  return {
    deliveries: (id: string, filter: WebhookDeliveryFilter = {}, options?: CallOptions) =>
      makeList<WebhookDelivery>((cursor) => {
        const params = { ...at(id), query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/webhook-endpoints/{id}/deliveries', { ...init, params }), options)
      }, filter.cursor),
    delivery: (id: string, deliveryId: string, options?: CallOptions) => {
      const params = { path: { id, deliveryId } }
      const delivery = '/webhook-endpoints/{id}/deliveries/{deliveryId}'
      return api.call((http, init) => http.GET(delivery, { ...init, params }), options)
    },
    redeliver: (id: string, deliveryId: string, options?: CallOptions) => {
      const params = { path: { id, deliveryId } }
      const redeliver = '/webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver'
      return api.call((http, init) => http.POST(redeliver, { ...init, params }), options)
    },
    replay: (id: string, body: WebhookReplayRequest, options?: CallOptions) =>
      api.call((http, init) => http.POST('/webhook-endpoints/{id}/replay', { ...init, params: at(id), body }), options),
  }
}

function at(id: string) {
  return { path: { id } }
}
