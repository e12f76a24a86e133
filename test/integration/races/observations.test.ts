import { expect, it } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { openAccount } from '../../support/dataforest-account.ts'
import { connectTo, connectWith, makeInstance, useSandboxes } from '../../support/sandbox-accounts.ts'
import { useSwitchyard } from '../../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useSandboxes()
const sql = await useSqlClient(database)
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null })

const ok = (method: string, path: string, body?: object) => switchyard.api.ok(method, path, body)
const jobPath = ({ id }: ApiRecord) => `/jobs/${id}`
const remoteId = ({ remote }: ApiRecord) => remote?.id ?? ''
const typesOf = async (path: string): Promise<string[]> => {
  const { data } = (await ok('GET', `${path}/events`)) as unknown as { data: { type: string }[] }
  return data.map(({ type }) => type)
}

it.concurrent('a stale list page does not undo a stop', async ({ expect }) => {
  const connectionId = await connectTo(switchyard.api, sandbox, 'modelarts', 'stale-page')
  const accepted = await makeInstance(switchyard.api, connectionId, 'stale-page')
  const path = `/environments/${accepted.id}`
  await switchyard.api.untilStatus(path, 'running')
  // From now on each list page is half a second old when it arrives.
  const stale = sandbox.faults.add({ kind: 'stall', operation: 'instances.list', delayMs: 500 })
  const arrived = () => sandbox.faults.active.find(({ id }) => id === stale.id)?.fired ?? 0
  await expect.poll(arrived).toBeGreaterThan(0)
  await ok('POST', `${path}/stop`)
  await switchyard.api.untilStatus(path, 'stopped')
  const seen = arrived()
  await expect.poll(arrived).toBeGreaterThan(seen + 1)
  sandbox.faults.clear(stale.id)
  expect((await ok('GET', path)).status).toBe('stopped')
  const types = await typesOf(path)
  expect(types.slice(types.indexOf('environment.stopped'))).not.toContain('environment.running')
})

it.concurrent('an object listed before its create response arrives is reported once', async () => {
  const account = await openAccount(switchyard.api, sandbox)
  const environment = await account.environment()
  const other = await account.job(environment, 'sleep 600')
  await switchyard.api.untilStatus(jobPath(other), 'running')
  sandbox.faults.add({
    ...{ kind: 'stall', operation: 'aiapps.submit', object: remoteId(environment) },
    ...{ delayMs: 800, times: 1 },
  })
  const job = await account.job(environment, 'sleep 3')
  const sweepsBefore = sandbox.calls().dataforest?.['aiapps.getList'] ?? 0
  await switchyard.api.untilStatus(jobPath(job), 'succeeded')
  expect(sandbox.calls().dataforest?.['aiapps.getList']).toBeGreaterThan(sweepsBefore)
  expect(account.apps(environment)).toHaveLength(2)
  expect(await typesOf(jobPath(job))).toEqual([
    ...['job.queued', 'job.dispatching', 'job.pending', 'job.running', 'job.succeeded'],
  ])
})

it.concurrent('an environment deleted at the provider ends its jobs', async () => {
  const account = await openAccount(switchyard.api, sandbox)
  const environment = await account.environment()
  const running = await account.job(environment, 'sleep 600')
  const seen = await switchyard.api.untilStatus(jobPath(running), 'running')
  await ok('PATCH', `/connections/${account.connectionId}`, { held: true })
  const waiting = await account.job(environment)
  await switchyard.api.until(jobPath(waiting), ({ statusReason }) => statusReason === 'held')
  sandbox.remove('dataforest', remoteId(environment))
  sandbox.remove('dataforest', remoteId(seen))
  await ok('PATCH', `/connections/${account.connectionId}`, { held: false })
  const deleted = await switchyard.api.untilStatus(`/environments/${environment.id}`, 'deleted')
  expect(deleted.statusReason).toBe('deleted_remotely')
  expect(await switchyard.api.untilStatus(jobPath(running), 'unknown')).toMatchObject({
    statusReason: 'remote_record_lost',
  })
  expect((await switchyard.api.untilStatus(jobPath(waiting), 'failed')).error).toMatchObject({
    code: expect.stringMatching(/^(environment_failed|not_found|invalid_request|conflict)$/),
  })
})

it.concurrent('a job missing from the list keeps running while its record is readable', async ({ expect }) => {
  const account = await openAccount(switchyard.api, sandbox)
  const environment = await account.environment()
  const job = await account.job(environment, 'sleep 600')
  const seen = await switchyard.api.untilStatus(jobPath(job), 'running')
  // The list hides younger objects; reading the object itself does not.
  const lag = sandbox.faults.add({ kind: 'list_lag', operation: 'aiapps.getList', lagMs: 3_600_000 })
  const listed = () => sandbox.faults.active.find(({ id }) => id === lag.id)?.fired ?? 0
  await expect.poll(listed).toBeGreaterThan(5)
  expect((await ok('GET', jobPath(job))).status).toBe('running')
  sandbox.faults.clear(lag.id)
  sandbox.force('dataforest', remoteId(seen), { state: 'FINISHED', outcome: 'SUCCEEDED' })
  await switchyard.api.untilStatus(jobPath(job), 'succeeded')
})

/** Two jobs: the remote record of the first has expired, and the second has reused its remote id. */
async function withReusedRemoteId(name: string) {
  const connectionId = await connectTo(switchyard.api, sandbox, 'slurm', name)
  const submit = (job: string) => ok('POST', '/jobs', { connectionId, name: job, script: '#!/bin/sh\nsleep 600' })
  const [old, recent] = await Promise.all([submit('old'), submit('recent')])
  const [before, active] = await Promise.all([
    switchyard.api.untilStatus(jobPath(old), 'running'),
    switchyard.api.untilStatus(jobPath(recent), 'running'),
  ])
  await sql.query('UPDATE workloads SET remote_id = $2 WHERE id = $1', [old.id, remoteId(active)])
  sandbox.remove('slurm', remoteId(before))
  const isUntouched = async () => {
    const { status } = await ok('GET', jobPath(recent))
    const object = sandbox.objects('slurm').find(({ id }) => id === remoteId(active))
    return status === 'running' && object?.state === 'RUNNING'
  }
  return { old, isUntouched }
}

it.concurrent('a job with a reused remote id ends without affecting the other job', async () => {
  const { old, isUntouched } = await withReusedRemoteId('reused-id')
  const ended = await switchyard.api.untilStatus(jobPath(old), 'unknown')
  expect(ended.statusReason).toBe('remote_record_lost')
  expect(await isUntouched()).toBe(true)
})

it.concurrent('a cancel does not affect the job that reuses the remote id', async () => {
  const { old, isUntouched } = await withReusedRemoteId('canceled-reused-id')
  await ok('POST', `${jobPath(old)}/cancel`)
  const ended = await switchyard.api.untilStatus(jobPath(old), 'canceled', 'unknown')
  expect(ended.statusReason).toBe('remote_record_lost')
  expect(await isUntouched()).toBe(true)
})

it('a lost create is recovered under the remote id of an earlier job', async ({ expect }) => {
  const connectionId = await connectTo(switchyard.api, sandbox, 'slurm', 'earlier-id')
  const submit = (name: string, script: string) => ok('POST', '/jobs', { connectionId, name, script })
  const earlier = await submit('earlier', '#!/bin/sh\nexit 0')
  await switchyard.api.untilStatus(jobPath(earlier), 'succeeded')
  sandbox.faults.add({ kind: 'drop_answer', operation: 'job.submit', provider: 'slurm', times: 1 })
  const unlisted = sandbox.faults.add({ kind: 'error_before', operation: 'job.list', provider: 'slurm' })
  const known = new Set(sandbox.objects('slurm').map(({ id }) => id))
  const lost = await submit('lost', '#!/bin/sh\nsleep 600')
  const created = () => sandbox.objects('slurm').filter(({ id }) => !known.has(id))
  await expect.poll(created).toHaveLength(1)
  const [object] = created()
  await sql.query('UPDATE workloads SET remote_id = $2 WHERE id = $1', [earlier.id, object?.id])
  sandbox.faults.clear(unlisted.id)
  const found = await switchyard.api.untilStatus(jobPath(lost), 'running')
  expect(remoteId(found)).toBe(object?.id)
  expect(created()).toHaveLength(1)
})

it.concurrent('a container of an ended job is an orphan only while it runs', async () => {
  const settings = { jobApi: 'container', defaultResourceGroup: 'CPU' }
  const connectionId = await connectWith(switchyard.api, sandbox, 'scnet', { name: 'container-jobs', settings })
  const job = await ok('POST', '/jobs', {
    ...{ connectionId, name: 'in-a-container', image: 'registry.scnet.invalid/base/pytorch:2.1' },
    ...{ script: 'sleep 0.2\nexit 0\n', resources: { cpus: 1, memoryMiB: 1024 }, timeLimitSeconds: 3600 },
    providerOptions: { scnet: { version: 'pytorch:2.1-cpu', interface: 'jupyter', startScriptScope: 'first' } },
  })
  const ended = await switchyard.api.untilStatus(jobPath(job), 'succeeded')
  const orphans = async () =>
    ((await ok('GET', `/connections/${connectionId}/orphans`)) as unknown as { orphans: object[] }).orphans
  expect(await orphans()).toEqual([])
  sandbox.force('scnet', remoteId(ended), { state: 'Running' })
  expect(await orphans()).toMatchObject([{ kind: 'job', remoteId: remoteId(ended), state: 'Running' }])
})
