import { afterAll, beforeAll } from 'vitest'
import { type ApiCaller, makeApiCaller } from '../../support/api-caller.ts'
import { type Switchyard, type SwitchyardOptions, startSwitchyard } from '../../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'
import { testRedis } from '../../support/test-redis.ts'

/** A response body. A missing field fails the test that reads it. */
// biome-ignore lint/suspicious/noExplicitAny: responses of many shapes, each asserted where it is read
type Loose = any
export interface LooseCaller {
  call(...call: Parameters<ApiCaller['call']>): Promise<{ status: number; headers: Headers; body: Loose }>
  ok(...call: Parameters<ApiCaller['ok']>): Promise<Loose>
}

export interface TwoInstances {
  /** First instance, with the administrator key of the first project. */
  admin: LooseCaller
  /** Second instance, with the same key. */
  otherAdmin: LooseCaller
  databaseUrl: string
  /** URL of the first instance. */
  url: string
  /** Client with another key. */
  as(key: string, instance?: 'first' | 'second'): LooseCaller
}

/** Two API instances on one database. */
export function startTwoInstances(
  settings: NonNullable<SwitchyardOptions['settings']> = {},
  withRedis = false,
): TwoInstances {
  const two = {} as TwoInstances
  const running: Switchyard[] = []
  let database: TestDatabase
  let redis: ReturnType<typeof testRedis> | null = null

  beforeAll(async () => {
    database = await createTestDatabase()
    redis = withRedis ? testRedis() : null
    const options: SwitchyardOptions = { databaseUrl: database.url, redis, role: 'api', settings }
    running.push(await startSwitchyard(options), await startSwitchyard(options))
    const [first, second] = running as [Switchyard, Switchyard]
    Object.assign(two, { admin: first.api, otherAdmin: second.api, databaseUrl: database.url, url: first.service.url })
    two.as = (key, instance = 'first') => makeApiCaller((instance === 'first' ? first : second).service.url ?? '', key)
  })
  afterAll(async () => {
    await Promise.all(running.map((each) => each.stop()))
    await database?.drop()
  })
  return two
}
