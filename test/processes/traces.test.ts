import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { quickEnvironment, runCommand, serveProcess } from '../support/process.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

let database: TestDatabase
let collector: OtlpReceiver

beforeAll(async () => {
  ;[database, collector] = await Promise.all([createTestDatabase(), startOtlpReceiver()])
})

afterAll(async () => {
  await collector.close()
  await database.drop()
})

/** Runs an API with these variables for one request. Spans are exported on exit at the latest. */
async function serveOnce(environment: Readonly<Record<string, string>>) {
  const before = collector.requests.length
  const serving = await serveProcess({ DATABASE_URL: database.url, ROLE: 'api', LOG_LEVEL: 'debug', ...environment })
  await serving.api.call('GET', '/jobs', { headers: { traceparent } })
  const line = await serving.logged(({ msg }) => msg === 'request completed')
  const { code } = await serving.end()
  return { code, line, requests: collector.requests.slice(before) }
}

it('tracing exports spans as configured by the standard variables', async () => {
  const { code, line, requests } = await serveOnce({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=blue',
    OTEL_SERVICE_NAME: 'gateway',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  })
  expect(code).toBe(0)
  expect(requests.map(({ path }) => path)).toContain('/v1/traces')
  expect(requests[0]?.headers).toMatchObject({ 'x-tenant': 'blue' })
  const span = collector.spans().find(({ name }) => name === 'GET /jobs')
  expect(span).toMatchObject({
    ...{ traceId: traceparent.split('-')[1], parentSpanId: traceparent.split('-')[2] },
    resource: { 'service.name': 'gateway', 'deployment.environment.name': 'test' },
  })
  expect(line).toMatchObject({ trace_id: span?.traceId, span_id: span?.spanId })
})

it('tracing exports protobuf by default', async () => {
  const { requests } = await serveOnce({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own` })
  expect(requests.map(({ path }) => path)).toContain('/own')
  const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = requests
  expect(headers).toMatchObject({ 'content-type': 'application/x-protobuf' })
  expect(body.includes(Buffer.from('4bf92f3577b34da6a3ce929d0e0e4736', 'hex'))).toBe(true)
  expect(body.toString('latin1')).toContain('GET /jobs')
})

it.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector', OTEL_SDK_DISABLED: 'true' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector', OTEL_TRACES_EXPORTER: 'none' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector', OTEL_TRACES_SAMPLER: 'always_off' },
  {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  },
])('tracing exports nothing with %o', async (variables) => {
  const entries = Object.entries(variables).map(([name, value]) => [
    name,
    value === 'collector' ? collector.url : value,
  ])
  const { code, requests } = await serveOnce(Object.fromEntries(entries))
  expect({ code, requests }).toEqual({ code: 0, requests: [] })
})

it('the service works without the collector and warns once without headers', async () => {
  const serving = await serveProcess({
    ...{ DATABASE_URL: database.url, ROLE: 'api', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    ...{ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret-of-collector', OTEL_EXPORTER_OTLP_TIMEOUT: '500' },
  })
  expect((await serving.api.call('GET', '/jobs')).status).toBe(200)
  const { code, stdout, stderr } = await serving.end()
  expect(code).toBe(0)
  expect(stdout.split('traces not exported')).toHaveLength(2)
  expect(stdout + stderr).not.toContain('secret-of-collector')
})

it.each([
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": it must be one of http/protobuf, http/json.',
  ],
  [{ OTEL_TRACES_SAMPLER: 'some' }, 'OTEL_TRACES_SAMPLER is "some": it must be one of always_on'],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG is "2": it must be a number from 0 to 1.'],
])('the service does not start with %o and names the invalid variable', async (variables, message) => {
  const command = runCommand(['serve'], {
    ...{ ...quickEnvironment, DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    ...variables,
  })
  const { code, stderr } = await command.exited
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
})
