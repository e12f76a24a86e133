import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../real/requirements.ts'
import { type Account, openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { type Serving, serveProcess } from '../support/process.ts'
import { lintMetrics, type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const hasPrometheus = hasProgram('prometheus') && hasProgram('promtool')
const skipped = hasPrometheus ? '' : ' [skipped: it needs prometheus; get it with: apt-get install prometheus]'
if (!hasPrometheus) process.stderr.write(`Prometheus${skipped}\n`)

/** Whether a line concerns the default metrics of prom-client. */
const isDefaultMetric = (line: string) => line.startsWith('switchyard_process_')

describe.skipIf(!hasPrometheus)(`Prometheus${skipped}`, () => {
  let database: TestDatabase
  let sandbox: TestSandbox
  let account: Account
  let processes: { api: Serving; worker: Serving }
  let metricsUrls: { api: string; worker: string }
  let prometheus: Prometheus

  const start = (role: 'api' | 'worker') =>
    serveProcess({ ROLE: role, DATABASE_URL: database.url, METRICS_PORT: '0', HOST: '127.0.0.1' })
  const urlOf = async (serving: Serving) => String((await serving.logged(({ msg }) => msg === 'ready')).metricsUrl)

  beforeAll(async () => {
    ;[database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
    const [api, worker] = await Promise.all([start('api'), start('worker')])
    processes = { api, worker }
    metricsUrls = { api: await urlOf(api), worker: await urlOf(worker) }
    account = await openAccount(api.api, sandbox)
    prometheus = await startPrometheus({ api: new URL(metricsUrls.api).host, worker: new URL(metricsUrls.worker).host })
  })

  afterAll(async () => {
    await prometheus?.stop()
    await Promise.all([processes?.api.end(), processes?.worker.end()])
    await sandbox?.close()
    await database?.drop()
  })

  it('scrapes the separate metrics of API and worker', async () => {
    const environment = await account.environment()
    const job = await account.job(environment)
    await processes.api.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
    const first = async (query: string) => (await prometheus.query(query))[0]?.value
    await expect.poll(() => first('sum(up)')).toBe(2)
    const calls = 'sum by (job) (switchyard_provider_call_duration_seconds_count{operation="create",code="ok"})'
    await expect.poll(() => prometheus.query(calls)).toEqual([{ metric: { job: 'worker' }, value: 2 }])
    const submits = 'sum by (job) (switchyard_http_request_duration_seconds_count{route="/jobs",method="POST"})'
    await expect.poll(() => prometheus.query(submits)).toEqual([{ metric: { job: 'api' }, value: 1 }])
    expect(await first('sum(switchyard_slots)')).toBe(16)
    expect(await prometheus.query('switchyard_live_workloads{kind="environment"}')).toMatchObject([
      { metric: { job: 'api', status: 'running', provider: 'dataforest' }, value: 1 },
    ])
  })

  it.each(['api', 'worker'] as const)('reports no problems in the metrics of the %s', async (role) => {
    const { status, problems } = lintMetrics(await (await fetch(`${metricsUrls[role]}/metrics`)).text())
    expect(problems.filter((line) => !isDefaultMetric(line))).toEqual([])
    expect([0, 3]).toContain(status)
  })

  it('target of a worker serves health checks', async () => {
    expect((await fetch(`${metricsUrls.worker}/livez`)).status).toBe(200)
    expect((await fetch(`${metricsUrls.worker}/readyz`)).status).toBe(200)
  })
})
