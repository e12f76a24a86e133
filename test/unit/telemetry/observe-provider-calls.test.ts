import { expect, it } from 'vitest'
import { openInertly } from '../../../src/capabilities/describe-provider.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import type { EndedCall } from '../../../src/providers/ended-call.ts'
import type { Intent } from '../../../src/providers/intent.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { providers } from '../../../src/providers/registry.ts'
import { makeObserveProvider } from '../../../src/telemetry/observe-provider-calls.ts'
import { noTracing } from '../../../src/telemetry/tracing.ts'
import type { Spec } from '../../../src/vocabulary/kinds.ts'

type Observed = Readonly<{ provider: string; operation: string; code: string }>

function makeObserved() {
  const observedCalls: Observed[] = []
  const recorded: EndedCall[] = []
  const observe = makeObserveProvider({
    metrics: { observe: (_, labels) => void observedCalls.push(labels as Observed) },
    tracing: noTracing,
    record: (call) => void recorded.push(call),
    clock: { monotonicMs: () => 0 },
  })
  return { observedCalls, recorded, observe }
}

it.each(providers.map((provider) => [provider.id, provider] as const))(
  'preserves the capabilities of %s',
  (_, provider) => {
    const opened = openInertly(provider, provider.sample.settings)
    const observed = makeObserved().observe(provider.id, 'conn_1', opened)
    for (const kind of ['job', 'environment'] as const) {
      const [before, after] = [opened.drivers[kind], observed.drivers[kind]]
      expect(Object.keys(after ?? {}).sort()).toEqual(Object.keys(before ?? {}).sort())
      expect(Object.keys(after?.controls ?? {})).toEqual(Object.keys(before?.controls ?? {}))
    }
  },
)

it('reports each call with its operation and code, and passes on results and errors', async () => {
  const failure = new ProviderError('rate_limited', 'Slow down.')
  const driver = {
    get: async () => 'gone',
    controls: { cancel: () => Promise.reject(failure) },
    list: () => Promise.reject(new TypeError('a defect')),
  } as unknown as Driver<'job'>
  const { observedCalls, recorded, observe } = makeObserved()
  const { drivers } = observe('slurm', 'conn_1', {
    drivers: { job: driver },
    verify: async () => {},
  } satisfies OpenProvider)
  const { signal } = new AbortController()
  expect(await drivers.job?.get('1', signal)).toBe('gone')
  await expect(drivers.job?.controls.cancel?.('1', signal)).rejects.toBe(failure)
  await expect(drivers.job?.list({ cursor: null, watched: [] }, signal)).rejects.toThrow('a defect')
  expect(observedCalls).toEqual([
    { provider: 'slurm', operation: 'get', code: 'ok' },
    { provider: 'slurm', operation: 'cancel', code: 'rate_limited' },
    { provider: 'slurm', operation: 'list', code: 'internal' },
  ])
  expect(recorded).toEqual([
    { connectionId: 'conn_1', operation: 'get', seconds: 0 },
    { connectionId: 'conn_1', operation: 'cancel', seconds: 0, error: failure },
    { connectionId: 'conn_1', operation: 'list', seconds: 0, error: expect.any(TypeError) },
  ])
})

it('records the environment variables of creates and updates for redaction', async () => {
  const failure = new ProviderError('invalid_request', 'ALPHA=secret is not valid.')
  const driver = {
    create: () => Promise.reject(failure),
    update: async () => {},
    controls: {},
  } as unknown as Driver<'job'>
  const { recorded, observe } = makeObserved()
  const { drivers } = observe('slurm', 'conn_1', { drivers: { job: driver }, verify: async () => {} })
  const { signal } = new AbortController()
  const spec = { environmentVariables: { ALPHA: 'secret' } } as unknown as Spec<'job'>
  await expect(drivers.job?.create({ spec } as Intent<'job'>, signal)).rejects.toBe(failure)
  await drivers.job?.update?.('1', spec, signal)
  expect(recorded.map(({ operation, environmentVariables }) => [operation, environmentVariables])).toEqual([
    ['create', { ALPHA: 'secret' }],
    ['update', { ALPHA: 'secret' }],
  ])
})
