import { beforeAll, expect, it, vi } from 'vitest'
import { metricList, processMetricList } from '../../src/telemetry/metric-list.ts'
import { openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { endAfterFile } from '../support/end-after-file.ts'
import { labelsIn, typesIn, valueIn } from '../support/metrics-text.ts'
import { startStubServer } from '../support/stub-server.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()
const receiver = await endAfterFile(await startStubServer(), (server) => server.close())
const { api, service } = await useSwitchyard({ databaseUrl: database.url, redis: null, metricsPort: 0 })

const readMetrics = async () => (await fetch(`${service.metricsUrl}/metrics`)).text()
let text: string

beforeAll(async () => {
  receiver.on('POST /hook', { status: 204 })
  await api.ok('POST', '/webhook-endpoints', { url: `${receiver.url}/hook`, eventTypes: ['job.*'] })
  const account = await openAccount(api, sandbox)
  const job = await account.job(await account.environment())
  await api.untilStatus(`/jobs/${job.id}`, 'succeeded')
  await api.call('GET', '/jobs/job_none')
  const isDelivered = async () => (valueIn(await readMetrics(), 'switchyard_webhook_lag_seconds_count') ?? 0) > 1
  await vi.waitUntil(isDelivered, { timeout: 30_000, interval: 100 })
  text = await readMetrics()
})

it('the metrics endpoint serves every listed metric with its type', () => {
  const expected = Object.entries({ ...metricList, ...processMetricList }).map(([name, { type }]) => [
    `switchyard_${name}`,
    type,
  ])
  const served = typesIn(text)
  expect(expected.filter(([name = '', type]) => served.get(name) !== type)).toEqual([])
})

it('the metrics endpoint serves no unlisted metric except those of Node.js', () => {
  const known = new Set(Object.keys(metricList).map((name) => `switchyard_${name}`))
  expect(
    [...typesIn(text).keys()].filter((name) => !known.has(name) && !name.startsWith('switchyard_process_')),
  ).toEqual([])
})

it('metrics have the listed labels', () => {
  for (const [name, { labels }] of Object.entries(metricList)) {
    const served = labelsIn(text, `switchyard_${name}`)
    if (served.length > 0) expect(served, name).toEqual([...labels].sort())
  }
})

it('request metrics have route and status, and problem metrics have a code', () => {
  const metric = (rest: string) => valueIn(text, `switchyard_${rest}`)
  expect(metric('http_request_duration_seconds_count{method="POST",route="/jobs",status="2xx"}')).toBe(1)
  expect(metric('http_request_duration_seconds_count{method="GET",route="/jobs/:id",status="4xx"}')).toBe(1)
  expect(metric('http_problems_total{route="/jobs/:id",code="not_found"}')).toBe(1)
  expect(metric('http_wait_duration_seconds_count{method="GET",route="/jobs/:id",status="2xx"}')).toBeGreaterThan(0)
})

it('provider calls, reconcile passes, scans and deliveries are measured', () => {
  const metric = (rest: string) => valueIn(text, `switchyard_${rest}`)
  expect(metric('provider_call_duration_seconds_count{provider="dataforest",operation="create",code="ok"}')).toBe(2)
  expect(metric('reconcile_duration_seconds_count{provider="dataforest",kind="job",outcome="create"}')).toBe(1)
  expect(metric('scan_duration_seconds_count{provider="dataforest",kind="job",outcome="complete"}')).toBeGreaterThan(0)
  expect(metric('webhook_delivery_duration_seconds_count{outcome="2xx"}')).toBeGreaterThan(1)
  expect(metric('slots ')).toBe(16)
})

it('METRICS_PORT serves the metrics exclusively, and health checks', async () => {
  expect((await fetch(`${service.metricsUrl}/readyz`)).status).toBe(200)
  expect((await fetch(`${service.url}/metrics`)).status).toBe(404)
  expect((await fetch(`${service.metricsUrl}/jobs`)).status).toBe(404)
})
