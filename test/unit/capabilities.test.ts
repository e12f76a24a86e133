import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { describeConnection, describeProvider, summaryOf } from '../../src/capabilities/describe-provider.ts'
import type { Driver } from '../../src/providers/driver.ts'
import type { OpenProvider, Provider } from '../../src/providers/provider.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Session } from '../../src/providers/session.ts'
import { type Kind, kinds } from '../../src/vocabulary/kinds.ts'
import { makeFixedClock } from '../support/fixed-clock.ts'

const optionalMethods = ['logs', 'access', 'catalog', 'update', 'dryRun'] as const

function openSample(provider: Provider): OpenProvider {
  const http = { send: () => Promise.reject(new Error('unexpected request')) }
  return provider.open({ ...provider.sample, http, clock: makeFixedClock() })
}

const drivers = providers.flatMap((provider) =>
  kinds.flatMap((kind) => {
    const driver = openSample(provider).drivers[kind] as Driver | undefined
    return driver === undefined ? [] : [{ id: provider.id, kind, provider, driver }]
  }),
)

describe.each(drivers)('description of $kind at $id', ({ provider, kind, driver }) => {
  const described = describeProvider(provider).kinds[kind]
  const { environmentVariables } = driver.accepts
  /** Secret variables become environment variables, under the same rules. */
  const supported = {
    ...driver.accepts,
    ...(environmentVariables === undefined ? {} : { secretVariables: environmentVariables }),
  }

  it('lists exactly the fields that the driver supports', () => {
    expect(described?.fields.map(({ path }) => path).sort()).toEqual(Object.keys(supported).sort())
  })

  it("shows the driver's rule for each field", () => {
    for (const { path, required, mutable, to = '', ...rules } of described?.fields ?? []) {
      const rule = { to, ...(required ? { required } : {}), ...(mutable ? { mutable } : {}), ...rules }
      expect(rule).toEqual(supported[path as keyof typeof supported])
    }
  })

  it('lists every state, action and optional method', () => {
    expect(Object.fromEntries(described?.states.map(({ raw, status }) => [raw, status]) ?? [])).toEqual(driver.states)
    expect(described?.actions).toEqual(Object.keys(driver.controls))
    const present = Object.fromEntries(optionalMethods.map((name) => [name, driver[name] !== undefined]))
    const { logTimestamps = false, notImportable } = driver.traits
    expect(described?.capabilities).toEqual({ ...present, logTimestamps, import: notImportable === undefined })
  })

  it('lists every option and the mutable ones', () => {
    const names = Object.keys(driver.options?.properties ?? {})
    expect(Object.keys((described?.options?.properties ?? {}) as object)).toEqual(names)
    expect(described?.mutableOptions).toEqual(driver.mutableOptions ?? [])
  })

  it("shows the driver's traits", () => {
    const { traits, environment = 'none', tagLength } = driver
    expect(described).toMatchObject({
      environment,
      uniqueNames: traits.uniqueNames,
      exclusiveEnvironment: traits.exclusiveEnvironment ?? false,
      createRecovery: {
        tagLength: tagLength,
        listConsistencyLagMs: traits.listConsistencyLagMs,
        maxProcessingMs: traits.maxProcessingMs,
      },
    })
    expect(described?.createRecovery.retentionMs).toBe(traits.retentionMs)
    expect(described?.deletableIn).toEqual(traits.deletableIn)
  })
})

describe.each(providers)('description of $id', (provider) => {
  const text = JSON.stringify(describeProvider(provider))

  it('lists every setting and credential', () => {
    const { settings, credentials } = describeProvider(provider)
    expect(Object.keys(settings.properties as object)).toEqual(Object.keys(provider.settings.properties))
    expect(Object.keys(credentials.properties as object)).toEqual(Object.keys(provider.credentials.properties))
  })

  it('contains no credential values', () => {
    for (const value of Object.values(provider.sample.credentials)) expect(text).not.toContain(value)
    expect(JSON.stringify(describeProvider(provider).credentials)).not.toMatch(/"(default|examples)":/)
  })

  it('survives a JSON round trip', () => {
    expect(JSON.parse(text)).toEqual(describeProvider(provider))
  })
})

describe.each(drivers.filter(({ kind }) => kind === 'job'))('environment of a job at $id', ({ provider, driver }) => {
  const planned = (environmentRemoteId: string) =>
    driver.plan({
      correlationTag: 'm'.repeat(driver.tagLength),
      spec: { name: 'example' },
      environmentRemoteId,
      before: null,
      sendBy: { at: new Date(0), monotonicMs: 0 },
      firstSentAt: new Date(0),
    })

  it('is required exactly if the create request contains it', () => {
    const isNamed = JSON.stringify(planned('one')) !== JSON.stringify(planned('another'))
    expect(driver.environment === 'required').toBe(isNamed)
  })

  it('is supported exactly if the provider has environments', () => {
    const { job, environment } = describeProvider(provider).kinds
    expect(job?.environment).toBe(driver.environment ?? 'none')
    expect(job?.environment === 'none').toBe(environment === undefined)
  })
})

const job = (more: Partial<Driver<'job'>> = {}) =>
  ({
    accepts: { name: { to: 'n' }, timeLimitSeconds: { to: 'limit' } },
    states: { UP: 'running' },
    traits: { listConsistencyLagMs: 1, maxProcessingMs: 2, uniqueNames: true, enforces: ['timeLimit'] },
    tagLength: 8,
    plan: ({ correlationTag }) => ({
      method: 'POST',
      target: '/',
      body: { tags: [{ key: 'tag' }, { value: `sy-${correlationTag}` }] },
    }),
    controls: {},
    ...more,
  }) as Driver<'job'>

function acme(open: (session: Session) => Partial<Driver<'job'>>): Provider {
  return {
    id: 'acme',
    title: 'Acme',
    documentation: 'https://acme.example',
    settings: Type.Object({ queue: Type.Optional(Type.String()) }),
    credentials: Type.Object({ key: Type.String({ examples: ['AKEXAMPLE'], default: 'AKDEFAULT', maxLength: 9 }) }),
    sample: { settings: { queue: 'sample' }, credentials: { key: 'AKSAMPLE' } },
    baseUrl: () => 'https://acme.example',
    scope: () => ({}),
    endpointSettings: [],
    endpoints: () => ({}),
    open: (session) => ({ drivers: { job: job(open(session)) }, verify: async () => {} }),
  }
}

describe('provider description', () => {
  it('uses the settings of a connection', () => {
    const provider = acme(({ settings }) => ({ accepts: { queue: { to: 'q', default: settings.queue ?? null } } }))
    const defaultOf = (settings: { queue: string }) =>
      describeConnection(provider, settings).kinds.job?.fields[0]?.default
    expect(defaultOf({ queue: 'fast' })).toBe('fast')
    expect(describeProvider(provider).kinds.job?.fields[0]?.default).toBe('sample')
  })

  it('lists kinds that differ by API variant, also in summaries', () => {
    const variantsOf = (id: string) => {
      const provider = describeProvider(providers.find((each) => each.id === id) as Provider)
      expect(summaryOf(provider).variants?.map(({ settings }) => settings)).toEqual(
        provider.variants?.map(({ settings }) => settings),
      )
      return provider.variants?.map(({ settings, kinds: variantKinds }) => [settings, Object.keys(variantKinds)])
    }
    expect(variantsOf('scnet')).toEqual([[{ jobApi: 'container' }, ['job']]])
    expect(variantsOf('modelarts')).toEqual([[{ environmentApi: 'notebooks' }, ['environment']]])
    expect(variantsOf('slurm')).toBeUndefined()
  })

  it('omits unsupported kinds', () => {
    expect(Object.keys(describeProvider(acme(() => ({}))).kinds)).toEqual(['job'] satisfies Kind[])
  })

  it('keeps the rules of a credential without its examples and default', () => {
    const { credentials } = describeProvider(acme(() => ({})))
    expect(credentials.properties).toEqual({ key: { type: 'string', maxLength: 9 } })
  })

  it('opens the provider with an HTTP client that rejects every request', async () => {
    let http: Session['http'] | undefined
    describeProvider(
      acme((session) => {
        http = session.http
        return {}
      }),
    )
    const request = { method: 'GET', target: '/', signal: AbortSignal.timeout(1000) }
    await expect(http?.send(request)).rejects.toThrow('must not send requests')
  })

  it.each([
    ['in the body', {}, 'tags[].value'],
    [
      'in the address',
      { plan: ({ correlationTag }) => ({ method: 'PUT', target: `/jobs/${correlationTag}` }) },
      'the address',
    ],
    ['nowhere', { plan: () => ({ method: 'POST', target: '/', body: 'text' }) }, undefined],
  ] satisfies [string, Partial<Driver<'job'>>, string | undefined][])(
    'finds the correlation tag of a create %s',
    (_where, driver, tagField) => {
      expect(describeProvider(acme(() => driver)).kinds.job?.createRecovery.tagField).toBe(tagField)
    },
  )

  it('names the enforcer of a time limit, if one is supported', () => {
    const limitOf = (driver: Partial<Driver<'job'>>) => describeProvider(acme(() => driver)).kinds.job?.timeLimit
    expect(limitOf({})).toBe('provider')
    expect(limitOf({ traits: { ...job().traits, enforces: [] } })).toBe('switchyard')
    expect(limitOf({ accepts: {} })).toBeUndefined()
  })

  it('has a short form of each kind for lists', () => {
    const [kind] = Object.values(summaryOf(describeProvider(acme(() => ({})))).kinds)
    expect(Object.keys(kind ?? {})).toEqual(['actions', 'capabilities', 'environment', 'timeLimit'])
  })
})
