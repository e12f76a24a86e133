import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { type Database, makeDatabase } from '../../src/infra/database.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import type { ApiCaller } from './api-caller.ts'
import { endAfterFile } from './end-after-file.ts'
import { type Switchyard, type SwitchyardOptions, startSwitchyard } from './switchyard.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

/** API without workers: accepted workloads stay `queued`, so every response is deterministic. */
export interface ApiBench {
  api: ApiCaller
  url: string
  database: TestDatabase
  sandbox: Sandbox
  /** For tests that call a component of the service directly. */
  open: Database
  /** Connection id of each provider of the sandbox. */
  connections: Readonly<Record<string, string>>
  /** Stores the provider call statistics that the service holds in memory. */
  storeCalls(): Promise<void>
  stop(): Promise<void>
}

export async function startApiBench(options: Partial<SwitchyardOptions> = {}): Promise<ApiBench> {
  const database = await createTestDatabase()
  const sandbox = await startSandbox()
  const open = makeDatabase({ url: database.url, poolSize: 2 })
  const switchyard: Switchyard = await startSwitchyard({
    databaseUrl: database.url,
    redis: null,
    role: 'api',
    ...options,
  })
  const { api, service } = switchyard
  const created = await Promise.all(
    sandboxConnections(sandbox).map(async (body) => [
      Object.keys(body.settings)[0] ?? '',
      (await api.ok('POST', '/connections', body)).id,
    ]),
  )
  return {
    ...{ api, database, sandbox, open, url: service.url ?? '', connections: Object.fromEntries(created) },
    storeCalls: service.container.calls.flush,
    async stop() {
      await switchyard.stop()
      await sandbox.close()
      await open.close()
      await database.drop()
    },
  }
}

/** A bench for one test file. */
export async function useApiBench(options?: Partial<SwitchyardOptions>): Promise<ApiBench> {
  return endAfterFile(await startApiBench(options), (bench) => bench.stop())
}
