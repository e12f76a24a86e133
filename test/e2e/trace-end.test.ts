import { randomBytes } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import { makeTracing } from '../../src/telemetry/otel-tracing.ts'
import { environmentRequest, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { endAfterFile } from '../support/end-after-file.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { startStubServer } from '../support/stub-server.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useDatabase, useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const { pool } = useDatabase({ url: database.url, poolSize: 1 })
const sandbox = await useQuickSandbox()
const collector = await endAfterFile(await startOtlpReceiver(), (server) => server.close())
const receiver = await endAfterFile(await startStubServer(), (server) => server.close())
const exporter = { url: `${collector.url}/v1/traces`, protocol: 'http/json', onFailure: () => {} } as const
const tracing = await makeTracing({ version: '1', sampler: { name: 'parentbased_always_on', ratio: 1 }, exporter })
const { api } = await useSwitchyard({ databaseUrl: database.url, redis: null, tracing })

it('a trace ends an hour after its request despite later polls and webhook deliveries', async () => {
  receiver.on('POST /hook', { status: 204 })
  const filter = { url: `${receiver.url}/hook`, eventTypes: ['environment.running'] }
  const endpoint = await api.ok('POST', '/webhook-endpoints', filter)
  const { connectionId } = await openAccount(api, sandbox)
  const traceId = randomBytes(16).toString('hex')
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  const { body } = await api.call('POST', '/environments', { body: environmentRequest({ connectionId }), headers })
  await vi.waitUntil(() => receiver.requests.length === 1, { timeout: 30_000, interval: 20 })
  expect(receiver.requests[0]?.headers.traceparent).toContain(traceId)

  const moveBackOneHour = `UPDATE workloads SET traced_at = traced_at - interval '1 hour', due_at = now() WHERE id = $1`
  expect((await pool.query(moveBackOneHour, [body.id])).rowCount).toBe(1)
  const deliveries = `/webhook-endpoints/${endpoint.id}/deliveries`
  const { data } = (await api.ok('GET', deliveries)) as unknown as { data: { id: string }[] }
  await vi.waitUntil(async () => (await api.call('POST', `${deliveries}/${data[0]?.id}/redeliver`)).status === 202)
  await vi.waitUntil(() => receiver.requests.length === 2, { timeout: 30_000, interval: 20 })
  expect(receiver.requests[1]?.headers.traceparent).not.toContain(traceId)

  await vi.waitUntil(() => passesOf(body.id).some((pass) => pass.traceId !== traceId), {
    ...{ timeout: 30_000, interval: 100 },
  })
  await tracing.close()
  const passes = passesOf(body.id)
  expect(passes.filter((pass) => pass.traceId === traceId && pass.outcome === 'create')).toHaveLength(1)
  for (const pass of passes) expect(pass.parentSpanId === '').toBe(pass.traceId !== traceId)
})

const passesOf = (workloadId: unknown) =>
  collector
    .spans()
    .filter(
      ({ name, attributes }) => name === 'reconcile environment' && attributes['switchyard.workload.id'] === workloadId,
    )
    .map(({ traceId, parentSpanId, attributes }) => ({
      traceId,
      parentSpanId,
      outcome: attributes['switchyard.outcome'],
    }))
