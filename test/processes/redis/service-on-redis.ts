import type { Redis } from 'ioredis'
import { expect, vi } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { openAccount, startQuickSandbox } from '../../support/dataforest-account.ts'
import { type Exit, type Serving, serveProcess } from '../../support/process.ts'
import { createTestDatabase } from '../../support/test-database.ts'

export interface ServiceOnRedis {
  serving: Serving
  databaseUrl: string
  submit(count: number): Promise<readonly ApiRecord[]>
  /** All jobs succeed, each with one object at the provider. */
  expectSuccess(jobs: readonly ApiRecord[]): Promise<void>
  /** Submits jobs until this server has stored messages and a worker has waited for them there. */
  untilUsed(server: Redis): Promise<void>
  stop(): Promise<Exit>
}

/** API and worker in one process, whose work is delayed by seconds unless a message announces it. */
export async function startServiceOnRedis(env: Readonly<Record<string, string>>): Promise<ServiceOnRedis> {
  const [database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
  // A busy machine must not fail a test.
  const settings = { POLL_INTERVAL_MS: '5000', MAX_EVENT_LOOP_DELAY_MS: '0' }
  const serving = await serveProcess({ DATABASE_URL: database.url, ...settings, ...env })
  const account = await openAccount(serving.api, sandbox)
  const environment = await account.environment()
  const submit = (count: number) => Promise.all(Array.from({ length: count }, () => account.job(environment)))
  const ended = ({ id }: ApiRecord) =>
    serving.api.untilStatus(`/jobs/${id}`, 'succeeded', 'failed', 'canceled', 'unknown')
  return {
    ...{ serving, databaseUrl: database.url, submit },
    async expectSuccess(jobs) {
      const over = await Promise.all(jobs.map(ended))
      expect(over.map(({ status }) => status)).toEqual(jobs.map(() => 'succeeded'))
      const remote = account.apps(environment).map(({ id }) => id)
      expect(new Set(remote).size).toBe(remote.length)
      for (const job of over) expect(remote).toContain(job.remote?.id)
    },
    async untilUsed(server) {
      const used = async () => {
        await submit(1)
        return (await server.info('commandstats')).match(/cmdstat_(evalsha|bzpopmin)(?=:)/g)?.length
      }
      await vi.waitFor(async () => expect(await used()).toBe(2), { timeout: 30_000, interval: 300 })
    },
    async stop() {
      const exit = await serving.end('SIGTERM')
      await sandbox.close()
      await database.drop()
      return exit
    },
  }
}
