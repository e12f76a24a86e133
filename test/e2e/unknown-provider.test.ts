import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeLogger } from '../../src/infra/logger.ts'
import { type Account, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { quickProviders, type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const sandbox = await useQuickSandbox()
const running: Switchyard[] = []
let database: TestDatabase
let account: Account
let api: Switchyard['api']

async function start(role: 'api' | 'worker', more: Partial<Parameters<typeof startSwitchyard>[0]> = {}) {
  const started = await startSwitchyard({ databaseUrl: database.url, redis: null, role, ...more })
  running.push(started)
  return started
}

beforeAll(async () => {
  database = await createTestDatabase()
  api = (await start('api')).api
})

afterAll(async () => {
  for (const each of running) await each.stop()
  await database.drop()
})

it('a worker without the provider of a workload leaves it to newer workers', async () => {
  const newer = await start('worker')
  account = await openAccount(api, sandbox)
  const environment = await account.environment()
  await newer.stop()
  const logLines: string[] = []
  const logger = makeLogger({
    level: 'info',
    pretty: false,
    destination: { write: (line) => void logLines.push(line) },
  })
  const otherProviders = quickProviders.filter(({ id }) => id !== 'dataforest')
  await start('worker', { logger, parts: { providers: otherProviders } })
  const job = await account.job(environment)
  // More often than the number of failures that park a workload.
  await expect
    .poll(() => logLines.filter((line) => line.includes(`${job.id}`) && line.includes('no such provider')).length, {
      timeout: 30_000,
    })
    .toBeGreaterThan(10)
  const waiting = await api.ok('GET', `/jobs/${job.id}`)
  expect(waiting).toMatchObject({ status: 'queued', version: job.version })
  expect(waiting.statusReason).toBeUndefined()
  await start('worker')
  await api.untilStatus(`/jobs/${job.id}`, 'succeeded')
})
