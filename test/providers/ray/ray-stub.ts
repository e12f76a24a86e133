import { expect } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Intent } from '../../../src/providers/intent.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { rayProvider } from '../../../src/providers/ray/index.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { forEachTest } from '../../support/for-each-test.ts'
import { type StubResponse, type StubServer, startStubServer } from '../../support/stub-server.ts'

export const token = 'a-token-of-the-cluster-0123456789'
export const { signal } = new AbortController()
export const correlationTag = 'mabc23456789'
export const id = `sy-${correlationTag}`
export const session = 'session_2026-11-28_10-28-40_391058_4657'

/** The driver, connected to a stub server with configured responses. */
export interface RayStub {
  stub: StubServer
  open(settings?: object, credentials?: object): OpenProvider
  job(settings?: object): Driver<'job'>
  intent(spec?: Partial<JobSpec>): Intent<'job'>
  close(): Promise<void>
}

async function startRayStub(): Promise<RayStub> {
  const stub = await startStubServer()
  const clock = makeFixedClock('2026-11-28T12:00:00.000Z')
  const limits = { connectTimeoutMs: 1000, timeoutMs: 1000, maxResponseBytes: 3e6 }
  const http = makeHttpClient({ baseUrl: stub.url, clock, ...limits })
  const open: RayStub['open'] = (settings = {}, credentials = { token }) =>
    rayProvider.open({ settings: { baseUrl: stub.url, ...settings }, credentials: { ...credentials }, http, clock })
  return {
    stub,
    open,
    job(settings) {
      const driver = open(settings).drivers.job
      if (driver === undefined) throw new Error('ray has no jobs')
      return driver
    },
    intent: (spec = {}) => ({
      correlationTag,
      spec: { name: 'train', ...(spec.command === undefined ? { script: 'python train.py' } : {}), ...spec },
      environmentRemoteId: null,
      before: { sessionName: session },
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
export const startRayStubForEachTest = () =>
  forEachTest(startRayStub, async ({ stub, close }) => {
    expect(stub.unexpected).toEqual([])
    await close()
  })

export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (error instanceof ProviderError) return error
  throw new Error(`expected a rejection with a ProviderError, got ${String(error)}`)
}

export const text = (status: number, body: string): StubResponse => ({
  status,
  body,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
})
export const missingJob = (of: string) => text(404, `Job ${of} does not exist`)
export const version = (name: string = session): StubResponse => ({
  body: { version: '4', ray_version: '2.60.0', ray_commit: 'b7f4259e', session_name: name },
})

/** The response of Ray 2.60.0 to a submit with an existing id, with shortened paths. */
export const alreadyExists = text(
  500,
  `Traceback (most recent call last):
  File "/ray/dashboard/modules/job/job_head.py", line 419, in submit_job
    resp = await job_agent_client.submit_job_internal(submit_request)
RuntimeError: Request failed with status code 400: Traceback (most recent call last):
  File "/ray/dashboard/modules/job/job_manager.py", line 553, in submit_job
    raise ValueError(
ValueError: Job with submission_id ${id} already exists. Please use a different submission_id.
.
`,
)

/** A record of 2.60.0. */
export const record = (more: object = {}) => ({
  type: 'SUBMISSION',
  job_id: null,
  submission_id: id,
  driver_info: null,
  status: 'RUNNING',
  entrypoint: 'python train.py',
  message: 'Job is currently running.',
  error_type: null,
  start_time: 1795861763681,
  end_time: null,
  metadata: { job_name: 'train' },
  runtime_env: null,
  driver_agent_http_address: 'http://10.0.0.1:52365',
  driver_node_id: 'e9cf01e8e4f2bafcc2b24686dda811b96e27bc9f49f372868a11c700',
  driver_exit_code: null,
  ...more,
})
