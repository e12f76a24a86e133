import type { TSchema } from '@sinclair/typebox'
import type { Driver } from '../../providers/driver.ts'
import { checkSpec, withDefaultsInside } from '../../providers/field-rules.ts'
import { ApiError, type ValidationError } from '../../vocabulary/api-error.ts'
import type { JsonObject } from '../../vocabulary/json.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import { emptyValue } from '../../vocabulary/nullable.ts'
import { environmentFields } from '../../vocabulary/spec.ts'
import type { Workload } from '../workload.ts'

/** Fields of a spec to change, from PATCH. Null empties a list or a map. */
export type SpecUpdate = JsonObject

export interface UpdatedSpec<K extends Kind> {
  spec: Spec<K>
  /** Whether the provider must be updated. */
  isRemote: boolean
}

/**
 * The spec after a PATCH. The description belongs to the client; other fields must be mutable at the driver. What is
 * still to be sent must be valid for a create.
 */
export function updateSpec<K extends Kind>(
  workload: Workload<K>,
  revision: SpecUpdate,
  driver: Driver<K> | undefined,
): UpdatedSpec<K> {
  const refused = immutableFields(workload, revision, driver)
  if (refused.length > 0) throw new ApiError('unsupported', refused[0]?.detail ?? '', { errors: refused })
  const spec = withDefaultsInside(driver?.accepts ?? {}, merged(workload, revision, driver))
  const isRemote = Object.keys(revision).some(
    (field) => field !== 'description' || driver?.accepts.description?.mutable === true,
  )
  // An object that does not exist yet is created from this spec.
  const isSent = isRemote || workload.remoteId === null
  if (!isSent || driver === undefined) return { spec, isRemote }
  const problems = checkSpec({ ...driver, provider: workload.provider }, spec, workload.remotePayload).filter(
    ({ pointer }) => !workload.imported || isUpdated(pointer, revision),
  )
  if (problems.length > 0) {
    const errors = problems.map((problem): ValidationError => ({ in: 'body', ...problem }))
    throw new ApiError('unprocessable', problems[0]?.detail ?? '', { errors })
  }
  return { spec, isRemote }
}

/** Little of an import is known, so only the fields that the client sent are checked. */
function isUpdated(pointer: string, revision: SpecUpdate): boolean {
  return pathsOf(revision).some((path) => pointer === `/${path}` || pointer.startsWith(`/${path}/`))
}

/** Options are merged individually; other fields are replaced whole. */
function merged<K extends Kind>(
  { spec, provider }: Workload<K>,
  revision: SpecUpdate,
  driver: Driver<K> | undefined,
): Spec<K> {
  const { providerOptions, ...given } = revision
  const fields = withoutNulls(given, environmentFields)
  if (providerOptions === undefined) return { ...spec, ...fields } as Spec<K>
  const changes = (providerOptions as { [provider: string]: JsonObject })[provider] ?? {}
  const options = { ...spec.providerOptions?.[provider], ...withoutNulls(changes, driver?.options?.properties ?? {}) }
  return { ...spec, ...fields, providerOptions: { [provider]: options } } as Spec<K>
}

/** An absent field would stay unchanged at the provider, so null becomes the empty value. */
function withoutNulls(given: JsonObject, schemas: Readonly<Record<string, TSchema>>): JsonObject {
  const entries = Object.entries(given).map(([name, value]) => [name, value ?? emptyValue(schemas[name])])
  return Object.fromEntries(entries)
}

function immutableFields<K extends Kind>(
  workload: Workload<K>,
  revision: SpecUpdate,
  driver: Driver<K> | undefined,
): ValidationError[] {
  const accepts: Readonly<Record<string, { mutable?: true } | undefined>> = driver?.accepts ?? {}
  const options = (driver?.mutableOptions ?? []).map((option) => optionPath(workload.provider, option))
  const isFixed = (path: string) => path !== 'description' && accepts[path]?.mutable !== true && !options.includes(path)
  return pathsOf(revision)
    .filter(isFixed)
    .map((path) => {
      const detail = `/${path} cannot be changed on an existing ${workload.kind} of ${workload.provider}. See GET /providers/${workload.provider} for mutable fields, or create a new one.`
      return { in: 'body', pointer: `/${path}`, code: 'unsupported', detail }
    })
}

/** Paths in a revision: `autoStop`, `providerOptions/aitems/term`. */
function pathsOf({ providerOptions = {}, ...fields }: SpecUpdate): string[] {
  const options = Object.entries(providerOptions as { [provider: string]: JsonObject }).flatMap(([provider, given]) =>
    Object.keys(given).map((option) => optionPath(provider, option)),
  )
  return [...Object.keys(fields), ...options]
}

function optionPath(provider: string, option: string): string {
  return `providerOptions/${provider}/${option}`
}
