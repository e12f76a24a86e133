import { performance } from 'node:perf_hooks'
import { expect, it } from 'vitest'
import { openAccount, startQuickSandbox } from '../../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { createTestDatabase } from '../../support/test-database.ts'

it('credentials that were changed through one instance are used by the others within seconds', async () => {
  const database = await createTestDatabase()
  const sandbox = await startQuickSandbox()
  const options = { databaseUrl: database.url, redis: null }
  let aheadMs = 0
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() + aheadMs }

  const worker = await startSwitchyard(options)
  const account = await openAccount(worker.api, sandbox)
  const job = await account.job(await account.environment(), 'sleep 600')
  await worker.api.untilStatus(`/jobs/${job.id}`, 'running')
  await worker.stop()

  // No worker beside them: only what they do by themselves opens the connection anew.
  const [one, other] = await Promise.all([
    startSwitchyard({ ...options, role: 'api' }),
    startSwitchyard({ ...options, role: 'api', parts: { clock } }),
  ])
  const logs = async ({ api }: Switchyard) => (await api.call('GET', `/jobs/${job.id}/logs`)).status
  const change = (keys: { accessKey: string; secretKey: string }) =>
    one.api.ok('PATCH', `/connections/${account.connectionId}`, { credentials: { dataforest: keys } })
  const { accessKey, secretKey } = sandbox.accounts.dataforest

  expect(await logs(other)).toBe(200)
  await change({ accessKey, secretKey: 'not-the-key' })
  aheadMs += 5001
  expect(await logs(other)).toBeGreaterThanOrEqual(400)
  await change({ accessKey, secretKey })
  aheadMs += 5001
  expect(await logs(other)).toBe(200)

  await Promise.all([one.stop(), other.stop()])
  await sandbox.close()
  await database.drop()
})
