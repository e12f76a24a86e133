import { afterAll, beforeAll } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { providers } from '../../src/providers/registry.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { testRedis } from '../support/test-redis.ts'
import { type SlurmCluster, startSlurmCluster } from './slurm-cluster.ts'
import { type CuttingProxy, startCuttingProxy } from './slurm-proxy.ts'
import type { SlurmRelease } from './slurm-releases.ts'

export interface SlurmBench {
  release: SlurmRelease
  readonly cluster: SlurmCluster
  readonly proxy: CuttingProxy
  readonly switchyard: Switchyard
  /** A connection by the cluster's key, with the version left to Switchyard. */
  readonly connectionId: string
  connect(settings?: object, credentials?: object): Promise<string>
  submit(script: string, more?: object): Promise<ApiRecord>
  until(job: ApiRecord, ...statuses: string[]): Promise<ApiRecord>
  ended(job: ApiRecord): Promise<ApiRecord>
  cancel(job: ApiRecord): Promise<ApiRecord>
  /** What `scontrol` shows of a job. */
  shown(job: ApiRecord): string
  eventTypes(job: ApiRecord): Promise<readonly string[]>
}

export const path = ({ id }: ApiRecord) => `/jobs/${id}`
export const slurm = (options: object) => ({ providerOptions: { slurm: options } })

/** Laying a root of another Debian takes minutes the first time. */
const startWithinMs = 900_000

/** The whole service before a real cluster, for the tests of the surrounding `describe`. */
export function slurmBench(release: SlurmRelease): SlurmBench {
  let cluster: SlurmCluster
  let proxy: CuttingProxy
  let database: TestDatabase
  let switchyard: Switchyard
  let connectionId: string
  let drawn = 0

  beforeAll(async () => {
    cluster = await startSlurmCluster(release)
    proxy = await startCuttingProxy(cluster.url)
    database = await createTestDatabase()
    switchyard = await startSwitchyard({
      databaseUrl: database.url,
      redis: testRedis(),
      // The drivers as they are, and a call's time that a controller which is starting again fits into.
      parts: { providers },
      settings: { timing: { callTimeoutMs: 12_000, sendWithinMs: 5000 }, leaseMs: 40_000 },
    })
    connectionId = await connect()
  }, startWithinMs)

  afterAll(async () => {
    await switchyard?.stop()
    await proxy?.close()
    await cluster?.stop()
    await database?.drop()
  })

  async function connect(settings: object = {}, credentials: object = { key: cluster.key }): Promise<string> {
    drawn += 1
    const { url: baseUrl, user, directory: defaultWorkingDirectory } = cluster
    const { id } = await switchyard.api.ok('POST', '/connections', {
      name: `cluster-${drawn}`,
      settings: { slurm: { baseUrl, user, defaultWorkingDirectory, ...settings } },
      credentials: { slurm: credentials },
    })
    return id
  }

  const until: SlurmBench['until'] = (job, ...statuses) =>
    switchyard.api.until(path(job), ({ status }) => statuses.includes(String(status)), 150_000)

  return {
    release,
    get cluster() {
      return cluster
    },
    get proxy() {
      return proxy
    },
    get switchyard() {
      return switchyard
    },
    get connectionId() {
      return connectionId
    },
    connect,
    until,
    ended: (job) => until(job, 'succeeded', 'failed', 'canceled', 'unknown'),
    submit(script, more = {}) {
      drawn += 1
      return switchyard.api.ok('POST', '/jobs', { connectionId, name: `job-${drawn}`, script, ...more })
    },
    cancel: (job) => switchyard.api.ok('POST', `${path(job)}/cancel`),
    shown: (job) => cluster.scontrol('show', 'job', String(job.remote?.id)),
    async eventTypes(job) {
      const { data } = await switchyard.api.ok('GET', `${path(job)}/events`)
      return (data as { type: string }[]).map(({ type }) => type)
    },
  }
}
