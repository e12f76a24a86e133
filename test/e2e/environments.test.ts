import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, environmentRequest, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { makeWorkspace } from '../support/remote-environments.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()

describeOnEachQueueBackend('the life of an environment', ({ openRedis }) => {
  let switchyard: Switchyard
  let account: Account

  beforeAll(async () => {
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
    account = await openAccount(switchyard.api, sandbox)
  })

  afterAll(() => switchyard.stop())

  const path = ({ id }: ApiRecord) => `/environments/${id}`
  const remove = (environment: ApiRecord, query = '') => switchyard.api.call('DELETE', `${path(environment)}${query}`)
  const deleted = (environment: ApiRecord) => switchyard.api.untilStatus(path(environment), 'deleted')
  const isAtProvider = (remoteId: string | undefined) => account.workspaces().some(({ id }) => id === remoteId)

  it.concurrent('is made, runs a job, is deleted, and stays readable', async () => {
    const environment = await account.environment()
    expect(environment).toMatchObject({ status: 'running', remote: { state: 'enabled' }, actions: ['delete'] })
    const job = await account.job(environment)
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
    expect((await remove(environment)).status).toBe(202)
    const gone = await deleted(environment)
    expect(gone.statusReason).toBeUndefined()
    expect(isAtProvider(environment.remote?.id)).toBe(false)
    expect((await remove(environment)).status).toBe(202)
  })

  it.concurrent('with live jobs is not deleted unless they may be canceled', async () => {
    const environment = await account.environment()
    const job = await account.job(environment, 'sleep 600')
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'running')
    const refused = await remove(environment)
    expect(refused).toMatchObject({ status: 409, body: { code: 'environment_in_use' } })
    expect(refused.body.detail).toContain(job.id)
    expect((await remove(environment, '?cancelJobs=true')).status).toBe(202)
    await deleted(environment)
    expect((await switchyard.api.ok('GET', `/jobs/${job.id}`)).status).toBe('canceled')
    expect(account.apps(environment).map(({ state }) => state)).toEqual(['KILLED'])
  })

  it.concurrent('deleted in the console of its provider becomes deleted, and says so', async () => {
    const environment = await account.environment()
    sandbox.remove('dataforest', environment.remote?.id ?? '')
    expect(await deleted(environment)).toMatchObject({ statusReason: 'deleted_remotely' })
  })

  it.concurrent('that was imported is left alone when its record is deleted', async () => {
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
    await deleted(imported)
    expect(isAtProvider(remoteId)).toBe(true)
  })

  it.concurrent('that was imported is deleted at the provider where that is asked for', async () => {
    const remoteId = await makeWorkspace(sandbox)
    const other = await openAccount(switchyard.api, sandbox)
    const request = { connectionId: other.connectionId, remoteId }
    const imported = await switchyard.api.ok('POST', '/environments/import', request)
    expect((await remove(imported, '?remote=true')).status).toBe(202)
    await deleted(imported)
    expect(isAtProvider(remoteId)).toBe(false)
  })

  it.concurrent('cannot be imported by an id that the provider does not know', async () => {
    const body = { connectionId: account.connectionId, remoteId: 'NoSuchWorkspace' }
    const refused = await switchyard.api.call('POST', '/environments/import', { body })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/remoteId', code: 'not_found' }] } })
  })

  it.concurrent('still being made lets its jobs wait, and they run once it does', async () => {
    const own = await openAccount(switchyard.api, sandbox)
    const name = `slow-${own.connectionId.slice(-4).replaceAll(/[^a-z0-9]/g, '0')}`
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: name })
    const body = environmentRequest({ connectionId: own.connectionId, name })
    const environment = await switchyard.api.ok('POST', '/environments', body)
    const job = await own.job(environment)
    const parked = await switchyard.api.until(`/jobs/${job.id}`, (seen) => seen.statusReason !== undefined)
    expect(parked).toMatchObject({ status: 'queued', statusReason: 'environment_not_ready' })
    expect(parked.statusMessage).toContain(environment.id)
    sandbox.faults.clear(hold.id)
    await switchyard.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
  })

  it.concurrent('that its provider refuses fails, and its waiting jobs fail with it and say why', async () => {
    const taken = await account.environment()
    const name = String(taken.name)
    const own = await openAccount(switchyard.api, sandbox)
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: name })
    const body = environmentRequest({ connectionId: own.connectionId, name })
    const environment = await switchyard.api.ok('POST', '/environments', body)
    const job = await own.job(environment)
    await switchyard.api.until(`/jobs/${job.id}`, (seen) => seen.statusReason === 'environment_not_ready')
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
    await deleted(environment)
    expect(isAtProvider(taken.remote?.id)).toBe(true)
    const late = await switchyard.api.call('POST', '/jobs', {
      body: { environmentId: environment.id, name: 'late', image: 'tensorflow:r2.3.1-py3', script: 'ls' },
    })
    expect(late).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  it.concurrent('deleted before it was sent is never made', async () => {
    const own = await openAccount(switchyard.api, sandbox)
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: 'never-made' })
    const body = environmentRequest({ connectionId: own.connectionId, name: 'never-made' })
    const environment = await switchyard.api.ok('POST', '/environments', body)
    await switchyard.api.until(path(environment), (seen) => seen.statusReason === 'rate_limited')
    expect((await remove(environment)).status).toBe(202)
    await deleted(environment)
    expect(account.workspaces().some(({ name }) => name === 'never-made')).toBe(false)
    sandbox.faults.clear(hold.id)
  })
})
