import { expect } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Intent } from '../../../src/providers/intent.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { slurmProvider } from '../../../src/providers/slurm/index.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { type FixedClock, makeFixedClock } from '../../support/fixed-clock.ts'
import { forEachTest } from '../../support/for-each-test.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'

export const key = 'ZXhhbXBsZUtleUZvclVuaXRUZXN0c09ubHkwMDAwMDE='
export const { signal } = new AbortController()
export const correlationTag = 'mabc23456789'
export const api = (path: string) => `/slurm/v0.0.38${path}`

/** The driver, connected to a stub server with configured responses. */
export interface SlurmStub {
  stub: StubServer
  clock: FixedClock
  open(settings?: object, credentials?: Readonly<Record<string, string>>, discovered?: JsonObject): OpenProvider
  job(): Driver<'job'>
  intent(spec?: Partial<JobSpec>): Intent<'job'>
  close(): Promise<void>
}

/** With `version` null, the driver discovers the version. */
export async function startSlurmStub(version: string | null = 'v0.0.38'): Promise<SlurmStub> {
  const stub = await startStubServer()
  const clock = makeFixedClock('2026-01-05T12:00:00.000Z')
  const http = makeHttpClient({
    baseUrl: stub.url,
    clock,
    connectTimeoutMs: 1000,
    timeoutMs: 1000,
    maxResponseBytes: 1e6,
  })
  const open: SlurmStub['open'] = (settings = {}, credentials = { key }, discovered) =>
    slurmProvider.open({
      settings: {
        ...{ baseUrl: stub.url, user: 'alice', defaultWorkingDirectory: '/home/alice' },
        ...(version === null ? {} : { version }),
        ...settings,
      },
      credentials,
      http,
      clock,
      ...(discovered === undefined ? {} : { discovered }),
    })
  return {
    stub,
    clock,
    open,
    job() {
      const driver = open().drivers.job
      if (driver === undefined) throw new Error('slurm has no jobs')
      return driver
    },
    intent: (spec = {}) => ({
      correlationTag,
      spec: { name: 'train', script: 'python train.py', workingDirectory: '/home/alice', ...spec },
      environmentRemoteId: null,
      before: null,
      sendBy: { at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() + 1000 },
      firstSentAt: clock.now(),
    }),
    async close() {
      await http.close()
      await stub.close()
    },
  }
}

/** A new stub for each test of a file, which fails after unexpected requests. */
export const startSlurmStubForEachTest = (version?: string | null) =>
  forEachTest(
    () => startSlurmStub(version),
    async ({ stub, close }) => {
      expect(stub.unexpected).toEqual([])
      await close()
    },
  )

export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (error instanceof ProviderError) return error
  throw new Error(`expected a rejection with a ProviderError, got ${String(error)}`)
}

/** A response in the format of slurmrestd. */
export const answer = (status: number, errors: readonly object[] = [], rest: object = {}) => ({
  status,
  body: { meta: {}, errors, ...rest },
})

/** A record of Slurm 22.05.8, reduced to the relevant fields. */
export const record = (more: object = {}) => ({
  comment: `[sy:${correlationTag}]`,
  end_time: 1795482675,
  exit_code: 768,
  job_id: 1,
  job_state: 'FAILED',
  name: 'train',
  nodes: 'node1',
  start_time: 1795482674,
  state_description: '',
  state_reason: 'NonZeroExitCode',
  submit_time: 1795482674,
  user_name: 'alice',
  ...more,
})
