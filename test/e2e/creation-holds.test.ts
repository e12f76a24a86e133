import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, jobRequest, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()
const sql = await useSqlClient(database)
let switchyard: Switchyard
let account: Account
let environment: ApiRecord

const start = () => startSwitchyard({ databaseUrl: database.url, redis: null })
const path = ({ id }: ApiRecord) => `/jobs/${id}`
const untilHeld = (job: ApiRecord) => switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'held')
const untilSucceeded = (job: ApiRecord) => switchyard.api.untilStatus(path(job), 'succeeded')
const submit = (script = 'true') =>
  switchyard.api.ok('POST', '/jobs', jobRequest({ environmentId: environment.id, script }))
const hold = (body: object) => switchyard.api.ok('POST', '/creation-holds', body)
const release = ({ id }: ApiRecord) => switchyard.api.ok('DELETE', `/creation-holds/${id}`)

beforeAll(async () => {
  switchyard = await start()
  account = await openAccount(switchyard.api, sandbox)
  environment = await account.environment()
})

afterAll(() => switchyard?.stop())

describe('a creation hold', () => {
  it.each(['provider', 'connection', 'project'])('blocks the creates of its %s and nothing else', async (scope) => {
    const { rows } = await sql.query('SELECT project_id FROM connections WHERE id = $1', [account.connectionId])
    const [running, canceled] = [await submit('sleep 1'), await submit('sleep 600')]
    for (const job of [running, canceled]) await switchyard.api.untilStatus(path(job), 'running', 'succeeded')
    const scopes: Record<string, object> = {
      ...{ provider: { provider: 'dataforest' }, connection: { connectionId: account.connectionId } },
      project: { projectId: rows[0].project_id },
    }
    const held = await hold(scopes[scope] ?? {})
    const before = account.apps(environment).length
    const [waiting, canceledWhileHeld] = [await submit(), await submit()]
    for (const job of [waiting, canceledWhileHeld]) await untilHeld(job)
    // Running jobs are still polled and canceled, and queued jobs can be canceled.
    await switchyard.api.ok('POST', `${path(canceled)}/cancel`)
    await switchyard.api.ok('POST', `${path(canceledWhileHeld)}/cancel`)
    await untilSucceeded(running)
    for (const job of [canceled, canceledWhileHeld]) await switchyard.api.untilStatus(path(job), 'canceled')
    expect(account.apps(environment)).toHaveLength(before)
    await release(held)
    await untilSucceeded(waiting)
    expect(account.apps(environment)).toHaveLength(before + 1)
  })

  it.each<[string, () => Promise<object>]>([
    ['another provider', async () => ({ provider: 'slurm' })],
    ['another connection', async () => ({ connectionId: (await openAccount(switchyard.api, sandbox)).connectionId })],
    ['another project', async () => ({ projectId: (await switchyard.api.ok('POST', '/projects', { name: 'b' })).id })],
    [
      'the provider in another project',
      async () => ({
        provider: 'dataforest',
        projectId: (await switchyard.api.ok('POST', '/projects', { name: 'c' })).id,
      }),
    ],
  ])('does not block creates outside of its scope: %s', async (_, scope) => {
    const held = await hold(await scope())
    await untilSucceeded(await submit())
    await release(held)
  })

  it('survives a restart and blocks jobs after another hold is released', async () => {
    const [first, second] = [await hold({ provider: 'dataforest' }), await hold({ connectionId: account.connectionId })]
    const job = await submit()
    await untilHeld(job)
    await switchyard.stop()
    switchyard = await start()
    await release(first)
    await expect
      .poll(
        async () =>
          (await sql.query('SELECT due_at > now() AS waits FROM workloads WHERE id = $1', [job.id])).rows[0].waits,
        { timeout: 10_000 },
      )
      .toBe(true)
    expect(await switchyard.api.ok('GET', path(job))).toMatchObject({ status: 'queued', statusReason: 'held' })
    await release(second)
    await untilSucceeded(job)
  })

  it('is completed by a worker if the releasing process ended before the wake-up', async () => {
    const held = await hold({ provider: 'dataforest' })
    const job = await submit()
    await untilHeld(job)
    // The state after a process ended right after the commit.
    await sql.query(`UPDATE creation_holds SET released_at = now() - interval '2 minutes' WHERE id = $1`, [held.id])
    // Workers check every minute and when they start.
    await switchyard.stop()
    switchyard = await start()
    await untilSucceeded(job)
    const woken = () => sql.query('SELECT woken_at FROM creation_holds WHERE id = $1', [held.id])
    await expect.poll(async () => (await woken()).rows[0].woken_at).not.toBeNull()
  })
})
