import type { Driver } from '../providers/driver.ts'
import type { FieldRule } from '../providers/field-rule.ts'
import { type FieldPath, fieldPaths } from '../vocabulary/field-paths.ts'
import type { Json, JsonObject } from '../vocabulary/json.ts'
import type { Action, Kind, Spec } from '../vocabulary/kinds.ts'
import type { FieldDescription, KindDescription } from './provider.schemas.ts'

/** The capabilities of one driver, read from the driver. Calls only its `plan`. Pure. */
export function describeKind<K extends Kind>(driver: Driver<K>): KindDescription {
  const { traits } = driver
  return {
    ...summaryOf(driver),
    fields: fieldPaths.flatMap((path) => [
      ...describeField(path, driver.accepts[path]),
      ...(path === 'environmentVariables' ? describeField('secretVariables', secretRule(driver)) : []),
    ]),
    ...(driver.options === undefined ? {} : { options: plainSchema(driver.options) }),
    mutableOptions: [...(driver.mutableOptions ?? [])],
    states: Object.entries<string>(driver.states).map(([raw, status]) => ({ raw, status })),
    exclusiveEnvironment: traits.exclusiveEnvironment ?? false,
    uniqueNames: traits.uniqueNames,
    ...(traits.deletableIn === undefined ? {} : { deletableIn: [...traits.deletableIn] }),
    createRecovery: createRecoveryOf(driver),
  }
}

/** A schema as JSON, without TypeBox's symbol properties. */
export function plainSchema(schema: object): JsonObject {
  return JSON.parse(JSON.stringify(schema))
}

function summaryOf<K extends Kind>(driver: Driver<K>) {
  const { traits } = driver
  const timeLimit = enforcerOf(driver, 'timeLimitSeconds', 'timeLimit')
  const autoStop = enforcerOf(driver, 'autoStop', 'autoStop')
  return {
    actions: (Object.keys(driver.controls) as Action<K>[]).filter((action) => driver.controls[action] !== undefined),
    capabilities: {
      logs: driver.logs !== undefined,
      logTimestamps: traits.logTimestamps ?? false,
      access: driver.access !== undefined,
      catalog: driver.catalog !== undefined,
      update: driver.update !== undefined,
      dryRun: driver.dryRun !== undefined,
      import: traits.notImportable === undefined,
    },
    environment: driver.environment ?? ('none' as const),
    ...(timeLimit === undefined ? {} : { timeLimit }),
    ...(autoStop === undefined ? {} : { autoStop }),
  }
}

function enforcerOf({ accepts, traits }: Driver, path: FieldPath, limit: 'timeLimit' | 'autoStop') {
  if (accepts[path] === undefined) return undefined
  return traits.enforces.includes(limit) ? ('provider' as const) : ('switchyard' as const)
}

/** Secret variables become environment variables and follow the same rules. */
function secretRule({ accepts: { environmentVariables } }: Pick<Driver, 'accepts'>): FieldRule | undefined {
  if (environmentVariables === undefined) return undefined
  const { mutable: _, required: __, ...rule } = environmentVariables
  return rule
}

/** `to: ''` means that the field is not sent. */
function describeField(path: FieldPath | 'secretVariables', rule: FieldRule | undefined): FieldDescription[] {
  if (rule === undefined) return []
  const { to, required = false, mutable = false, values, ...rules } = rule
  return [
    {
      path,
      ...(to === '' ? {} : { to }),
      required,
      mutable,
      ...rules,
      ...(values === undefined ? {} : { values: [...values] }),
    },
  ]
}

function createRecoveryOf<K extends Kind>(driver: Driver<K>): KindDescription['createRecovery'] {
  const { listConsistencyLagMs, maxProcessingMs, retentionMs, reusesIds = false } = driver.traits
  const tagField = tagFieldOf(driver)
  return {
    tagLength: driver.tagLength,
    ...(tagField === undefined ? {} : { tagField }),
    listConsistencyLagMs,
    maxProcessingMs,
    ...(retentionMs === undefined ? {} : { retentionMs }),
    reusesIds,
  }
}

/**
 * The request field that holds the correlation tag, found by planning a create: `configuration.description`. Undefined
 * if the request has none, or if the driver needs a valid spec to plan one.
 */
function tagFieldOf<K extends Kind>(driver: Driver<K>): string | undefined {
  const correlationTag = 'tagfield'.padEnd(driver.tagLength, 'x').slice(0, driver.tagLength)
  try {
    const { body, target } = driver.plan({
      correlationTag,
      spec: { name: 'example' } as Spec<K>,
      environmentRemoteId: 'example',
      before: null,
      sendBy: { at: new Date(0), monotonicMs: 0 },
      firstSentAt: new Date(0),
    })
    return pathTo(correlationTag, body ?? null, '') ?? (target.includes(correlationTag) ? 'the address' : undefined)
  } catch {
    return undefined
  }
}

function pathTo(correlationTag: string, value: Json, path: string): string | undefined {
  if (typeof value === 'string') return value.includes(correlationTag) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const found = pathTo(correlationTag, item, stepInto(path, Array.isArray(value) ? null : key))
    if (found !== undefined) return found
  }
  return undefined
}

/** `null`: the items of a list. */
function stepInto(path: string, key: string | null): string {
  if (key === null) return `${path}[]`
  return path === '' ? key : `${path}.${key}`
}
