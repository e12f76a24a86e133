import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordMessage, testMessage } from '../../src/openapi/examples/webhooks.ts'
import { makeFanOut } from '../../src/webhooks/fan-out.repository.ts'
import { generateSecret, signedHeaders } from '../../src/webhooks/signature.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { document, type Schema } from '../support/contract.ts'

interface WebhookOperation {
  post: {
    tags: readonly string[]
    parameters: readonly { name: string; in: string; required: boolean }[]
    requestBody: { content: { 'application/json': { schema: Schema } } }
  }
}
interface StreamResponse {
  content: { 'text/event-stream': { schema: Schema } }
}
const { webhooks } = document as unknown as { webhooks: { event: WebhookOperation } }
const { WebhookMessage, WebhookMessageData } = document.components.schemas

let bench: ApiBench
beforeAll(async () => {
  bench = await startApiBench()
})
afterAll(() => bench?.stop())

it('the document declares the signature headers of deliveries', () => {
  const headers = signedHeaders({ id: 'evt', at: new Date(), body: '{}' }, { secret: generateSecret() })
  const { parameters, requestBody } = webhooks.event.post
  expect(parameters).toMatchObject(Object.keys(headers).map((name) => ({ in: 'header', name, required: true })))
  expect(requestBody.content['application/json'].schema.$ref).toBe('#/components/schemas/WebhookMessage')
})

it('no API operation shares the tag of webhook deliveries', () => {
  const tags = Object.values(document.paths).flatMap((item) => Object.values(item).flatMap((each) => each.tags))
  expect(webhooks.event.post.tags).toEqual(['Webhook deliveries'])
  expect(tags).toContain('Webhooks')
  expect(tags).not.toContain('Webhook deliveries')
})

it('deliveries have the documented fields and those of the examples', async () => {
  const endpoint = await bench.api.ok('POST', '/webhook-endpoints', { url: 'https://example.com/hook' })
  await bench.api.ok('POST', `/webhook-endpoints/${endpoint.id}/test`)
  await bench.api.ok('POST', '/jobs', { provider: 'slurm', name: 'hello', script: 'env' })
  const fanOut = makeFanOut(bench.open.sql)
  // Events are read once no older transaction of the server is open.
  await expect.poll(async () => (await fanOut()).read).toBeGreaterThan(0)
  const rows = await bench.open.prisma.$queryRaw<{ type: string; payload: { data: object } }[]>`
    SELECT type, payload FROM webhook_deliveries ORDER BY type`
  expect(rows.map(({ type }) => type)).toEqual(['job.queued', 'webhook.test'])
  for (const { payload } of rows) {
    expect(Object.keys(payload).toSorted()).toEqual(Object.keys(WebhookMessage?.properties ?? {}).toSorted())
    expect(Object.keys(WebhookMessageData?.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(payload.data)))
  }
  const [job, test] = rows.map(({ payload }) => Object.keys(payload.data).toSorted())
  const { remoteState: _, ...data } = recordMessage.data
  expect(job).toEqual(Object.keys(data).toSorted())
  expect(test).toEqual(Object.keys(testMessage.data).toSorted())
})

it('event streams reference the schema of their messages', () => {
  const streams = ['/jobs/{id}/events/stream', '/environments/{id}/events/stream', '/events/stream']
  const schemas = streams.map((path) => {
    const stream = document.paths[path]?.get?.responses['200'] as StreamResponse
    return String(stream.content['text/event-stream'].schema['x-event-schema']).split('/').at(-1)
  })
  expect(schemas).toEqual(['Event', 'Event', 'ProjectEvent'])
})
