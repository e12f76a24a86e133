import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { type Account, openAccount, useQuickSandbox } from '../../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { useTestDatabase } from '../../support/test-database.ts'

let account: Account
let job: ApiRecord
let one: Switchyard
let other: Switchyard
let aheadMs = 0
const clock = { now: () => new Date(), monotonicMs: () => performance.now() + aheadMs }

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()

beforeAll(async () => {
  const options = { databaseUrl: database.url, redis: null }
  const worker = await startSwitchyard(options)
  account = await openAccount(worker.api, sandbox)
  job = await account.job(await account.environment(), 'sleep 600')
  await worker.api.untilStatus(`/jobs/${job.id}`, 'running')
  await worker.stop()
  // Without a worker, only the cache expiry of the instances reloads the connection.
  one = await startSwitchyard({ ...options, role: 'api' })
  other = await startSwitchyard({ ...options, role: 'api', parts: { clock } })
})

afterAll(async () => {
  await Promise.all([one.stop(), other.stop()])
})

it('credentials changed on one instance take effect on others within 5 seconds', async () => {
  const logs = async () => (await other.api.call('GET', `/jobs/${job.id}/logs`)).status
  const updateCredentials = (credentials: { accessKey: string; secretKey: string }) =>
    one.api.ok('PATCH', `/connections/${account.connectionId}`, { credentials: { dataforest: credentials } })
  const { accessKey, secretKey } = sandbox.accounts.dataforest

  expect(await logs()).toBe(200)
  await updateCredentials({ accessKey, secretKey: 'not-the-key' })
  aheadMs += 5001
  expect(await logs()).toBeGreaterThanOrEqual(400)
  await updateCredentials({ accessKey, secretKey })
  aheadMs += 5001
  expect(await logs()).toBe(200)
})
