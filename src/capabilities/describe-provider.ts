import { isDeepStrictEqual } from 'node:util'
import type { TObject } from '@sinclair/typebox'
import type { OpenProvider, Provider } from '../providers/provider.ts'
import type { HttpClient, ProviderClock } from '../providers/session.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { describeKind, plainSchema } from './describe-kind.ts'
import type {
  ConnectionDescription,
  KindDescription,
  ProviderDescription,
  ProviderSummaryView,
  VariantDescription,
} from './provider.schemas.ts'

/**
 * A provider's description derived from its code, opened with its sample settings (or the given ones) and a client that
 * sends nothing. Contains names and rules of credentials, never values. Pure.
 */
export function describeProvider(
  provider: Provider,
  settings: JsonObject = provider.sample.settings,
): ProviderDescription {
  return {
    id: provider.id,
    title: provider.title,
    documentation: provider.documentation,
    settings: plainSchema(provider.settings),
    credentials: withoutValues(plainSchema(provider.credentials)),
    kinds: kindsOf(provider, settings),
    ...variantsOf(provider, settings),
  }
}

/** The capabilities of a provider with the settings of one connection, which must be valid. Pure. */
export function describeConnection(provider: Provider, settings: JsonObject): ConnectionDescription {
  return { provider: provider.id, kinds: kindsOf(provider, settings) }
}

/** The part of a description shown in lists. */
export function summaryOf({ id, title, documentation, kinds, variants }: ProviderDescription): ProviderSummaryView {
  const summaries = variants?.map((each) => ({ settings: each.settings, kinds: kindSummariesOf(each.kinds) }))
  return {
    id,
    title,
    documentation,
    kinds: kindSummariesOf(kinds),
    ...(summaries === undefined ? {} : { variants: summaries }),
  }
}

function kindSummariesOf({ job, environment }: ProviderDescription['kinds']): ProviderSummaryView['kinds'] {
  return {
    ...(job === undefined ? {} : { job: kindSummaryOf(job) }),
    ...(environment === undefined ? {} : { environment: kindSummaryOf(environment) }),
  }
}

function kindSummaryOf({ actions, capabilities, environment, timeLimit, autoStop }: KindDescription) {
  return {
    actions,
    capabilities,
    environment,
    ...(timeLimit === undefined ? {} : { timeLimit }),
    ...(autoStop === undefined ? {} : { autoStop }),
  }
}

function kindsOf(provider: Provider, settings: JsonObject): ProviderDescription['kinds'] {
  const { job, environment } = openInertly(provider, settings).drivers
  return {
    ...(job === undefined ? {} : { job: describeKind(job) }),
    ...(environment === undefined ? {} : { environment: describeKind(environment) }),
  }
}

/** The differences for each other value of a setting named `…Api`, which selects an API. */
function variantsOf(provider: Provider, settings: JsonObject): Pick<ProviderDescription, 'variants'> {
  const usual = kindsOf(provider, settings)
  const choices = Object.entries(plainSchema(provider.settings).properties ?? {}).flatMap(([name, schema]) =>
    name.endsWith('Api') ? ((schema as { enum: string[] }).enum ?? []).map((value) => ({ [name]: value })) : [],
  )
  const variants = choices.flatMap((choice): VariantDescription[] => {
    const { job, environment } = kindsOf(provider, { ...settings, ...choice })
    const kinds = {
      ...(job === undefined || isDeepStrictEqual(job, usual.job) ? {} : { job }),
      ...(environment === undefined || isDeepStrictEqual(environment, usual.environment) ? {} : { environment }),
    }
    return Object.keys(kinds).length === 0 ? [] : [{ settings: choice, kinds }]
  })
  return variants.length === 0 ? {} : { variants }
}

/** A provider with these settings and a client that sends nothing. */
export function openInertly(provider: Provider, settings: JsonObject): OpenProvider {
  return provider.open({ settings, credentials: provider.sample.credentials, http: inertHttp, clock: stoppedClock })
}

const inertHttp: HttpClient = {
  send: async () => {
    throw new Error('A described provider must not send requests.')
  },
}

const stoppedClock: ProviderClock = { now: () => new Date(0), monotonicMs: () => 0 }

/** The rules of each credential without defaults and examples, which may resemble or be real keys. */
function withoutValues(schema: JsonObject): JsonObject {
  const properties = Object.entries(schema.properties ?? {}).map(([name, rules]) => {
    const { default: _default, examples: _examples, ...rest } = rules as JsonObject
    return [name, rest]
  })
  return { ...schema, properties: Object.fromEntries(properties) }
}

/** The schemas of `providerOptions` for one kind, by provider id; providers without options are omitted. */
export function optionSchemasOf(providers: readonly Provider[], kind: Kind): Readonly<Record<string, TObject>> {
  const withOptions = providers.flatMap((provider) => {
    const options = openInertly(provider, provider.sample.settings).drivers[kind]?.options
    return options === undefined ? [] : [[provider.id, options] as const]
  })
  return Object.fromEntries(withOptions)
}
