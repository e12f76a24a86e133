import { type AppDeps, makeApp } from '../app.ts'
import { readConfig } from '../config/config.ts'
import { makeContainer } from '../container/container.ts'
import { systemClock } from '../infra/clock.ts'
import { makeDatabase } from '../infra/database.ts'
import { makeLogger } from '../infra/logger.ts'
import { readVersion } from './service.ts'
import { settingsOf } from './settings.ts'

/** A queue that discards everything: the OpenAPI document needs none. */
const noQueue = {
  kind: 'postgres' as const,
  makeQueue: () => silent,
  makeWorker: () => ({ ...silent, run: async () => {} }),
  close: async () => {},
}
const silent = { addBulk: async () => {}, on: () => {}, close: async () => {} }
/** A placeholder that is never connected to. */
const placeholderUrl = 'postgresql://nobody@127.0.0.1:1/none'

/** Prints the OpenAPI document generated from the routes, without connecting to anything. */
export async function printOpenApi(): Promise<void> {
  const unconnected = makeUnconnected({})
  const app = await makeApp(unconnected.deps)
  await app.ready()
  process.stdout.write(`${JSON.stringify(app.swagger(), null, 2)}\n`)
  await app.close()
  await unconnected.close()
}

/** The dependencies of an app configured by the environment, without database and queue. */
export function makeUnconnected(environment: NodeJS.ProcessEnv): { deps: AppDeps; close(): Promise<void> } {
  const database = makeDatabase({ url: placeholderUrl, poolSize: 1 })
  const container = makeContainer({
    ...{
      database,
      connectListener: null,
      backend: noQueue,
      requestRates: null,
      clock: systemClock,
      logger: makeLogger({ level: 'silent' }),
      version: readVersion(),
    },
    ...{ secretsKey: '0'.repeat(64), installationTag: 'aaa', settings: settingsOf(readConfig(environment)) },
  })
  return { deps: container.app, close: database.close }
}
