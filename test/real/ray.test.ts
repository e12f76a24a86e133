import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { providers } from '../../src/providers/registry.ts'
import { demoOutput, runDemo } from '../support/run-demo.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { testRedis } from '../support/test-redis.ts'
import { type RayCluster, startRay } from './ray-cluster.ts'
import { openRay, signal } from './ray-driver.ts'
import { rayPrograms } from './ray-install.ts'
import { describeReal } from './requirements.ts'
import { type CuttingProxy, startCuttingProxy } from './slurm-proxy.ts'
import { tutorialRequirements, walkTutorial } from './tutorial.ts'

const { requirements, binDir } = await rayPrograms()
const withinMs = 240_000

describeReal('Ray cluster behind Switchyard', requirements, () => {
  let cluster: RayCluster
  let proxy: CuttingProxy
  let database: TestDatabase
  let switchyard: Switchyard
  let connectionId: string
  let ray: ReturnType<typeof openRay>

  beforeAll(async () => {
    database = await createTestDatabase()
    cluster = await startRay(binDir, null)
    ray = openRay(cluster)
    proxy = await startCuttingProxy(cluster.url)
    switchyard = await startSwitchyard({
      databaseUrl: database.url,
      redis: testRedis(),
      // The drivers with their own settings, and a call timeout that covers a first submit.
      parts: { providers },
      settings: { timing: { callTimeoutMs: 12_000, sendWithinMs: 5000 }, leaseMs: 40_000 },
    })
    const connection = await switchyard.api.ok('POST', '/connections', connectionRequest())
    connectionId = connection.id
  }, withinMs)

  afterAll(async () => {
    await switchyard?.stop()
    await proxy?.close()
    await ray?.close()
    await cluster?.stop()
    await database?.drop()
  }, withinMs)

  const connectionRequest = (credentials: object = { token: cluster.token }, settings: object = {}) => ({
    name: `cluster-${counter++}`,
    settings: { ray: { baseUrl: cluster.url, ...settings } },
    credentials: { ray: credentials },
  })
  let counter = 0
  const submit = (script: string, more: object = {}): Promise<ApiRecord> =>
    switchyard.api.ok('POST', '/jobs', { connectionId, name: `job-${counter++}`, script, ...more })
  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const until = (job: ApiRecord, ...statuses: string[]) =>
    switchyard.api.until(path(job), ({ status }) => statuses.includes(status), withinMs)
  const ended = (job: ApiRecord) => until(job, 'succeeded', 'failed', 'canceled', 'unknown')
  const logsOf = async (job: ApiRecord) =>
    String(((await switchyard.api.ok('GET', `${path(job)}/logs`)) as unknown as { text: string }).text)
  const cancel = (job: ApiRecord) => switchyard.api.ok('POST', `${path(job)}/cancel`)

  it('runs a job with variables and returns its output, secrets redacted', async () => {
    const job = await submit('echo "$GREETING and $PASSPHRASE"', {
      environmentVariables: { GREETING: 'hello' },
      secretVariables: { PASSPHRASE: 's3cret-of-the-job' },
      resources: { cpus: 1 },
    })
    const record = await ended(job)
    expect(record).toMatchObject({ status: 'succeeded', exitCode: 0, remote: { state: 'SUCCEEDED', name: job.name } })
    const logs = await logsOf(job)
    expect(logs).toMatch(/^hello and \S+$/m)
    const remote = JSON.stringify(await switchyard.api.ok('GET', `${path(job)}/remote`))
    expect(remote).toContain('PASSPHRASE')
    for (const text of [logs, remote, JSON.stringify(record)]) expect(text).not.toContain('s3cret-of-the-job')
  })

  it('runs the portable job unchanged, also in the demo', async () => {
    const bodies = [portableJob(), portableJob({ exitCode: 3 })]
    const env = { RAY_ADDRESS: cluster.url, RAY_AUTH_TOKEN: cluster.token }
    const [demo, ...jobs] = await Promise.all([
      runDemo('ray', env),
      ...bodies.map(({ script, ...more }) => submit(script, more).then(ended)),
    ])
    expect(jobs).toMatchObject([
      { status: 'succeeded', exitCode: 0 },
      { status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 },
    ])
    for (const job of jobs) expect((await logsOf(job)).trimEnd().split('\n').slice(-2)).toEqual(portableOutput)
    expect({ code: demo.code, stderr: demo.stderr }).toEqual({ code: 0, stderr: '' })
    expect(demo.stdout).toMatch(demoOutput)
  })

  it("reports the end of programs: exit code 3, a signal, the death of Ray's process", async () => {
    const jobs = await Promise.all([submit('exit 3'), submit('kill -9 $$'), submit('kill -9 $PPID; sleep 60')])
    const [three, signalled, orphaned] = await Promise.all(jobs.map(ended))
    expect(three).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
    expect(three?.statusMessage).toBe('Ray: Job entrypoint command failed with exit code 3')
    expect(signalled).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', signal: 9 })
    expect(orphaned).toMatchObject({ status: 'failed', statusReason: 'node_failure' })
  })

  it('runs quoted arguments, a script of another interpreter, and one with accelerators', async () => {
    const [argv, python, gpus] = await Promise.all([
      submit('', { script: undefined, command: ['printf', '%s|', "it's", '$HOME', ''] }),
      submit('#!/usr/bin/env python3\nimport os, sys\nprint("by python", os.getcwd())\nsys.exit(4)', {
        workingDirectory: '/usr',
      }),
      submit('echo "gpus=$CUDA_VISIBLE_DEVICES"', { resources: { accelerator: { count: 2 } } }),
    ])
    await Promise.all([argv, python, gpus].map(ended))
    expect(await logsOf(argv)).toContain("it's|$HOME||")
    expect(await logsOf(python)).toContain('by python /usr')
    expect(await ended(python)).toMatchObject({ status: 'failed', exitCode: 4 })
    expect(await logsOf(gpus)).toMatch(/gpus=(0,1|1,0)/)
  })

  it('cancels a program that ignores SIGTERM, and a waiting job once it starts', async () => {
    const all = { resources: { accelerator: { count: 2 } } }
    const first = await submit("trap '' TERM; while :; do sleep 1; done", all)
    await until(first, 'running')
    const waiting = await submit('sleep 600', all)
    await until(waiting, 'pending')
    await cancel(waiting)
    const still = await switchyard.api.until(
      path(waiting),
      ({ status, statusMessage }) => status === 'canceling' && statusMessage !== undefined,
      withinMs,
    )
    expect(still.statusMessage).toContain('is repeated until then')
    await cancel(first)
    for (const job of [first, waiting]) {
      expect(await ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'STOPPED' } })
    }
  })

  it('creates one job if the response to a submit is lost', async () => {
    const { id } = await switchyard.api.ok('POST', '/connections', connectionRequest(undefined, { baseUrl: proxy.url }))
    proxy.cutNext('POST')
    const job = await submit('exit 0', { connectionId: id })
    const record = await ended(job)
    expect(proxy.cut).toBe(1)
    expect(record).toMatchObject({ status: 'succeeded' })
    const { data } = await switchyard.api.ok('GET', `${path(job)}/attempts`)
    expect(data).toMatchObject([{ outcome: 'recovered', remoteId: record.remote?.id }])
    expect(
      (await cluster.jobs()).filter(({ submission_id: submissionId }) => submissionId === record.remote?.id),
    ).toHaveLength(1)
  })

  it('accepts "already exists" as success while the job runs and after it ended', async () => {
    const intent = await ray.intent({ script: 'sleep 1' })
    const remoteId = `sy-${intent.correlationTag}`
    expect(await ray.job.create(intent, signal)).toEqual({ remoteId })
    expect(await ray.job.create(intent, signal)).toEqual({ remoteId })
    await expect
      .poll(() => ray.job.get(remoteId, signal), { timeout: withinMs, interval: 200 })
      .toMatchObject({ rawState: 'SUCCEEDED' })
    expect(await ray.job.create(intent, signal)).toEqual({ remoteId })
    expect((await cluster.jobs()).filter(({ submission_id: submissionId }) => submissionId === remoteId)).toHaveLength(
      1,
    )
  })

  it('fails the cancel of a job without a process', async () => {
    const id = 'x'.repeat(250)
    expect((await cluster.call('POST', '/api/jobs/', { entrypoint: 'true', submission_id: id })).status).toBe(500)
    expect(await ray.job.get(id, signal)).toMatchObject({ status: 'pending', correlationTag: null })
    await expect(ray.job.controls.cancel?.(id, signal)).rejects.toMatchObject({ code: 'conflict' })
  })

  it("reads and cancels another client's job without disclosing its variables", async () => {
    const runtimeEnv = { env_vars: { API_KEY_OF_A_FRIEND: 's3cret-of-another' } }
    const { body } = await cluster.call('POST', '/api/jobs/', { entrypoint: 'sleep 600', runtime_env: runtimeEnv })
    const { submission_id: remoteId } = body as { submission_id: string }
    const { seen } = await ray.job.list({ cursor: null, watched: [] }, signal)
    const listed = seen.find((each) => each.remoteId === remoteId)
    expect(listed).toMatchObject({ correlationTag: null })
    const text = JSON.stringify([listed?.payload(), listed])
    expect(text).toContain('API_KEY_OF_A_FRIEND')
    expect(text).not.toContain('s3cret-of-another')
    await ray.job.controls.cancel?.(remoteId, signal)
    await expect
      .poll(() => ray.job.get(remoteId, signal), { timeout: withinMs, interval: 200 })
      .toMatchObject({ status: 'canceled' })
  })

  it("imports another client's jobs, follows one to its end and cancels one", async () => {
    const runtimeEnv = { env_vars: { API_KEY_OF_A_FRIEND: 's3cret-of-another' } }
    const start = async (entrypoint: string) => {
      const { body } = await cluster.call('POST', '/api/jobs/', { entrypoint, runtime_env: runtimeEnv })
      return String((body as { submission_id: string }).submission_id)
    }
    const [followed, canceled] = await Promise.all([start('sleep 5; echo done; exit 3'), start('sleep 600')])
    const importJob = (remoteId?: string) => switchyard.api.ok('POST', '/jobs/import', { connectionId, remoteId })
    const [first, second] = await Promise.all([importJob(followed), importJob(canceled)])
    await until(second, 'running')
    await cancel(second)
    expect(await ended(second)).toMatchObject({ status: 'canceled', imported: true, remote: { id: canceled } })
    expect(await ended(first)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
    const shown = JSON.stringify(await switchyard.api.ok('GET', `${path(first)}/remote`))
    expect(shown).toContain('API_KEY_OF_A_FRIEND')
    for (const text of [shown, await logsOf(first)]) expect(text).not.toContain('s3cret-of-another')
    expect(await logsOf(first)).toContain('done')
  })

  it('returns the nodes of the cluster', async () => {
    const catalog = JSON.stringify(await switchyard.api.ok('GET', `/connections/${connectionId}/catalog`))
    expect(catalog).toContain('"is_head_node":true')
    expect(catalog).toContain('"GPU":2')
  })

  it('verifies a connection and reports the wrong field', async () => {
    const verify = async (credentials?: object, settings?: object) => {
      const { id } = await switchyard.api.ok('POST', '/connections', connectionRequest(credentials, settings))
      return (await switchyard.api.call('POST', `/connections/${id}/verify`)).body
    }
    expect(await verify()).toMatchObject({ ok: true })
    for (const credentials of [{}, { token: 'of-another-cluster' }]) {
      expect(await verify(credentials)).toMatchObject({ ok: false, field: 'credentials.token' })
    }
    const wrongPath = await verify(undefined, { baseUrl: `${cluster.url}/elsewhere` })
    expect(wrongPath).toMatchObject({ ok: false, field: 'settings.baseUrl' })
  })

  describeReal('tutorial', tutorialRequirements, () => {
    it('runs its job', async () => {
      const printed = await walkTutorial({
        ...{ page: 'tutorial-ray.md', from: 'jq -n --arg token', to: 'curl -s $API/jobs/$JOB/logs', switchyard },
        replacements: { 'http://127.0.0.1:8265': cluster.url },
        env: { RAY_AUTH_TOKEN: cluster.token },
      })
      expect(printed).toContain('{"ok":true}')
      expect(printed).toContain('"status": "succeeded"')
      expect(printed).toContain('primes below 100000 are 9592')
    })
  })
})
