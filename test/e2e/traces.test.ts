import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { makeLogger } from '../../src/infra/logger.ts'
import { makeTracing } from '../../src/telemetry/otel-tracing.ts'
import type { Tracing } from '../../src/telemetry/tracing.ts'
import { type Account, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type StubServer, startStubServer } from '../support/stub-server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const sandbox = await useQuickSandbox()

/** Span id of the client. */
const clientSpan = '00f067aa0ba902b7'

/** An API process and a worker with a shared database, queue and collector. */
describeOnEachQueueBackend('a traced request', ({ kind, openRedis }) => {
  const [traceId = '', unsampled = '', deletion = ''] = [1, 2, 3].map(() => randomBytes(16).toString('hex'))
  let database: TestDatabase
  let collector: OtlpReceiver
  let receiver: StubServer
  let tracings: Tracing[]
  let api: Switchyard
  let worker: Switchyard
  let account: Account
  let jobId: string
  let environmentId: string
  const log: Record<string, unknown>[] = []
  let trace: readonly ReceivedSpan[]

  const start = async (role: 'api' | 'worker', redis: ReturnType<typeof openRedis>) => {
    const exporter = { url: `${collector.url}/v1/traces`, protocol: 'http/json', onFailure: () => {} } as const
    const tracing = await makeTracing({ version: '1', sampler: { name: 'parentbased_always_on', ratio: 1 }, exporter })
    tracings.push(tracing)
    const destination = { write: (line: string) => void log.push(JSON.parse(line)) }
    const logger = makeLogger({ level: 'info', pretty: false, destination, fields: tracing.logFields })
    return startSwitchyard({ databaseUrl: database.url, redis, role, logger, tracing })
  }

  const submit = async (environmentId: string, traceparent: string) => {
    const job = { environmentId, name: 'train', image: 'tensorflow:r2.3.1-py3', script: 'python train.py' }
    const { body } = await api.api.call('POST', '/jobs', { body: job, headers: { traceparent, 'x-request-id': 'r-1' } })
    return body.id
  }
  const messages = () => receiver.requests.map(({ headers, body }) => ({ headers, message: JSON.parse(String(body)) }))

  beforeAll(async () => {
    tracings = []
    database = await createTestDatabase()
    collector = await startOtlpReceiver()
    receiver = await startStubServer()
    receiver.on('POST /hook', { status: 204 })
    const redis = openRedis()
    api = await start('api', redis)
    worker = await start('worker', redis)
    account = await openAccount(api.api, sandbox)
    const environment = await account.environment()
    environmentId = environment.id
    await api.api.ok('POST', '/webhook-endpoints', { url: `${receiver.url}/hook`, eventTypes: ['job.*'] })
    const unsampledJob = await submit(environment.id, `00-${unsampled}-${clientSpan}-00`)
    jobId = await submit(environment.id, `00-${traceId}-${clientSpan}-01`)
    await vi.waitUntil(
      () =>
        [unsampledJob, jobId].every((id) =>
          messages().some(({ message }) => message.data.recordId === id && message.type === 'job.succeeded'),
        ),
      { timeout: 30_000, interval: 50 },
    )
    const headers = { traceparent: `00-${deletion}-${clientSpan}-01` }
    await api.api.call('DELETE', `/environments/${environmentId}`, { headers })
    await api.api.untilStatus(`/environments/${environmentId}`, 'deleted')
    await api.stop()
    await worker.stop()
    await Promise.all(tracings.map((tracing) => tracing.close()))
    trace = collector.spans().filter((span) => span.traceId === traceId)
  })

  afterAll(async () => {
    await collector.close()
    await receiver.close()
    await database.drop()
  })

  const spansNamed = (name: string) => trace.filter((span) => span.name === name)
  const only = (name: string): ReceivedSpan => {
    const [first, ...others] = spansNamed(name)
    if (first === undefined) throw new Error(`${name} is missing in ${trace.map((span) => span.name)}`)
    expect(others, name).toEqual([])
    return first
  }

  it('continues the trace of the client', () => {
    const request = only('POST /jobs')
    expect(request).toMatchObject({ parentSpanId: clientSpan, kind: 2, isError: false })
    expect(request.attributes).toMatchObject({
      ...{ 'http.request.method': 'POST', 'http.route': '/jobs', 'http.response.status_code': 202 },
      ...{ 'switchyard.request.id': 'r-1', 'switchyard.project.id': expect.stringMatching(/^prj_/) },
    })
    expect(request.resource).toMatchObject({ 'service.name': 'switchyard', 'service.version': '1' })
  })

  it('is propagated through the wake-up message to the worker', () => {
    const sent = only('send wake-up')
    expect(sent).toMatchObject({ parentSpanId: only('POST /jobs').spanId, kind: 4 })
    const processed = only('process wake-up')
    expect(processed).toMatchObject({ parentSpanId: sent.spanId, kind: 5 })
    expect(processed.resource['service.instance.id']).not.toBe(sent.resource['service.instance.id'])
  })

  it('is propagated through the reconcile pass to each provider call', () => {
    const passes = spansNamed('reconcile job')
    expect(passes.every(({ parentSpanId }) => parentSpanId === only('POST /jobs').spanId)).toBe(true)
    const pass = passes.find(({ attributes }) => attributes['switchyard.outcome'] === 'create')
    expect(pass?.attributes).toMatchObject({ 'switchyard.workload.id': jobId, 'switchyard.provider': 'dataforest' })
    const call = only('dataforest create')
    expect(call).toMatchObject({ parentSpanId: pass?.spanId, isError: false })
    const attempts = trace.filter(({ parentSpanId }) => parentSpanId === call.spanId)
    expect(attempts.length).toBeGreaterThan(0)
    for (const attempt of attempts) {
      expect(attempt.kind).toBe(3)
      const { 'http.request.method': _, ...others } = attempt.attributes
      expect(others).toEqual({ 'server.address': '127.0.0.1', 'http.response.status_code': 200 })
    }
  })

  it('is propagated to webhook deliveries and their receivers', () => {
    const delivery = only('webhook job.succeeded')
    expect(delivery).toMatchObject({ parentSpanId: only('POST /jobs').spanId, kind: 3 })
    expect(delivery.attributes).toMatchObject({ 'http.response.status_code': 204 })
    const received = messages().find(
      ({ message }) => message.data.recordId === jobId && message.type === 'job.succeeded',
    )
    expect(received?.headers.traceparent).toBe(`00-${traceId}-${delivery.spanId}-01`)
  })

  it('adds its ids to the log lines of its workload', () => {
    const lines = log.filter(({ trace_id, workloadId }) => trace_id === traceId && workloadId === jobId)
    expect(lines).not.toEqual([])
    for (const { span_id } of lines) expect(span_id).toMatch(/^[0-9a-f]{16}$/)
  })

  it('is replaced by the trace of a later change', () => {
    const spans = collector.spans().filter((span) => span.traceId === deletion)
    const request = spans.find(({ name }) => name === 'DELETE /environments/:id')
    const pass = spans.find(
      ({ name, attributes }) => name === 'reconcile environment' && attributes['switchyard.outcome'] === 'control',
    )
    expect(pass).toMatchObject({
      parentSpanId: request?.spanId,
      attributes: { 'switchyard.workload.id': environmentId },
    })
    expect(spans.find(({ name }) => name === 'dataforest delete')?.parentSpanId).toBe(pass?.spanId)
  })

  it('is not recorded if the client does not sample it, nor by receivers', () => {
    expect(collector.spans().filter((span) => span.traceId === unsampled)).toEqual([])
    const headers = messages().map((each) => String(each.headers.traceparent))
    expect(headers.filter((each) => each.startsWith(`00-${unsampled}`) && each.endsWith('-00'))).not.toEqual([])
  })

  it('is separate from the traces of scans', () => {
    const scan = collector.spans().find(({ name }) => name === 'scan job')
    expect(scan).toMatchObject({ parentSpanId: '', attributes: { 'switchyard.provider': 'dataforest' } })
    expect(scan?.traceId).not.toBe(traceId)
    expect(kind).toMatch(/redis|postgres/)
  })
})
