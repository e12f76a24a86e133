import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, environmentRequest, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { makeWorkspace } from '../support/remote-environments.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()

describeOnEachQueueBackend('environment lifecycle', ({ openRedis }) => {
  let switchyard: Switchyard
  let account: Account

  beforeAll(async () => {
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
    account = await openAccount(switchyard.api, sandbox)
  })

  afterAll(() => switchyard.stop())

  const path = ({ id }: ApiRecord) => `/environments/${id}`
  const remove = (environment: ApiRecord, query = '') => switchyard.api.call('DELETE', `${path(environment)}${query}`)
  const untilDeleted = (environment: ApiRecord) => switchyard.api.untilStatus(path(environment), 'deleted')
  const isAtProvider = (remoteId: string | undefined) => account.workspaces().some(({ id }) => id === remoteId)

  it.concurrent('creates an environment, runs a job in it and deletes it', async () => {
    const environment = await account.environment()
    expect(environment).toMatchObject({ status: 'running', remote: { state: 'enabled' }, actions: ['delete'] })
    const job = await account.job(environment)
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
    expect((await remove(environment)).status).toBe(202)
    const record = await untilDeleted(environment)
    expect(record.statusReason).toBeUndefined()
    expect(isAtProvider(environment.remote?.id)).toBe(false)
    expect((await remove(environment)).status).toBe(202)
  })

  it.concurrent('returns 409 for a delete with active jobs unless cancelJobs=true', async () => {
    const environment = await account.environment()
    const job = await account.job(environment, 'sleep 600')
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'running')
    const rejected = await remove(environment)
    expect(rejected).toMatchObject({ status: 409, body: { code: 'environment_in_use' } })
    expect(rejected.body.detail).toContain(job.id)
    expect((await remove(environment, '?cancelJobs=true')).status).toBe(202)
    await untilDeleted(environment)
    expect((await switchyard.api.ok('GET', `/jobs/${job.id}`)).status).toBe('canceled')
    expect(account.apps(environment).map(({ state }) => state)).toEqual(['KILLED'])
  })

  it.concurrent('detects an environment that was deleted at the provider', async () => {
    const environment = await account.environment()
    sandbox.remove('dataforest', environment.remote?.id ?? '')
    expect(await untilDeleted(environment)).toMatchObject({ statusReason: 'deleted_remotely' })
  })

  it.concurrent('keeps an imported environment at the provider when its record is deleted', async () => {
    const remoteId = await makeWorkspace(sandbox)
    const other = await openAccount(switchyard.api, sandbox)
    const request = { connectionId: other.connectionId, remoteId }
    const imported = await switchyard.api.ok('POST', '/environments/import', request)
    expect((await switchyard.api.untilStatus(path(imported), 'running')).remote?.id).toBe(remoteId)
    const again = await switchyard.api.call('POST', '/environments/import', { body: request })
    expect(again.status).toBe(409)
    const job = await other.job(imported)
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
    expect((await remove(imported)).status).toBe(202)
    await untilDeleted(imported)
    expect(isAtProvider(remoteId)).toBe(true)
  })

  it.concurrent('deletes an imported environment at the provider with remote=true', async () => {
    const remoteId = await makeWorkspace(sandbox)
    const other = await openAccount(switchyard.api, sandbox)
    const request = { connectionId: other.connectionId, remoteId }
    const imported = await switchyard.api.ok('POST', '/environments/import', request)
    expect((await remove(imported, '?remote=true')).status).toBe(202)
    await untilDeleted(imported)
    expect(isAtProvider(remoteId)).toBe(false)
  })

  it.concurrent('returns 422 for an import with an unknown remote id', async () => {
    const body = { connectionId: account.connectionId, remoteId: 'NoSuchWorkspace' }
    const rejected = await switchyard.api.call('POST', '/environments/import', { body })
    expect(rejected).toMatchObject({ status: 422, body: { errors: [{ pointer: '/remoteId', code: 'not_found' }] } })
  })

  it.concurrent('runs waiting jobs after their environment is created', async () => {
    const separateAccount = await openAccount(switchyard.api, sandbox)
    const name = `slow-${separateAccount.connectionId.slice(-4).replaceAll(/[^a-z0-9]/g, '0')}`
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: name })
    const body = environmentRequest({ connectionId: separateAccount.connectionId, name })
    const environment = await switchyard.api.ok('POST', '/environments', body)
    const job = await separateAccount.job(environment)
    const parked = await switchyard.api.until(`/jobs/${job.id}`, ({ statusReason }) => statusReason !== undefined)
    expect(parked).toMatchObject({ status: 'queued', statusReason: 'environment_not_ready' })
    expect(parked.statusMessage).toContain(environment.id)
    sandbox.faults.clear(hold.id)
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
  })

  it.concurrent('fails a rejected environment together with its waiting jobs', async () => {
    const existing = await account.environment()
    const name = String(existing.name)
    const separateAccount = await openAccount(switchyard.api, sandbox)
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: name })
    const body = environmentRequest({ connectionId: separateAccount.connectionId, name })
    const environment = await switchyard.api.ok('POST', '/environments', body)
    const job = await separateAccount.job(environment)
    await switchyard.api.until(`/jobs/${job.id}`, ({ statusReason }) => statusReason === 'environment_not_ready')
    sandbox.faults.clear(hold.id)
    expect(await switchyard.api.untilStatus(path(environment), 'failed')).toMatchObject({
      statusReason: 'provider_refused',
      error: {
        code: 'conflict',
        errors: [{ pointer: '/name', code: 'conflict', detail: expect.stringContaining(name) }],
        provider: { id: 'dataforest', httpStatus: 400, message: expect.stringContaining(name) },
      },
    })
    expect(await switchyard.api.untilStatus(`/jobs/${job.id}`, 'failed')).toMatchObject({
      statusReason: 'environment_failed',
      error: { code: 'environment_failed', message: expect.stringContaining(environment.id) },
    })
    expect(account.apps(environment)).toEqual([])
    expect((await remove(environment)).status).toBe(202)
    await untilDeleted(environment)
    expect(isAtProvider(existing.remote?.id)).toBe(true)
    const late = await switchyard.api.call('POST', '/jobs', {
      body: { environmentId: environment.id, name: 'late', image: 'tensorflow:r2.3.1-py3', script: 'ls' },
    })
    expect(late).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  it.concurrent('does not create an environment that is deleted before dispatch', async () => {
    const separateAccount = await openAccount(switchyard.api, sandbox)
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: 'never-created' })
    const body = environmentRequest({ connectionId: separateAccount.connectionId, name: 'never-created' })
    const environment = await switchyard.api.ok('POST', '/environments', body)
    await switchyard.api.until(path(environment), ({ statusReason }) => statusReason === 'rate_limited')
    expect((await remove(environment)).status).toBe(202)
    await untilDeleted(environment)
    expect(account.workspaces().some(({ name }) => name === 'never-created')).toBe(false)
    sandbox.faults.clear(hold.id)
  })
})
