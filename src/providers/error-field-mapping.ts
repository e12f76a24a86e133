import { type FieldPath, fieldPaths } from '../vocabulary/field-paths.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'
import { placesOf } from './field-places.ts'
import type { Accepts } from './field-rule.ts'

/**
 * Maps the vendor's path of a rejected value (`configuration.data.input[1].hdfs`) to the pointer in the request
 * (`/inputs/1/source`) by reversing `accepts`. Undefined unless exactly one given field maps to it.
 */
export function pointerTo<K extends Kind>(accepts: Accepts, spec: Spec<K>, parameter: string): string | undefined {
  const vendorPath = parameter.replaceAll(/\[\d+\]/g, '[]')
  const index = /\[(\d+)\]/.exec(parameter)?.[1]
  const paths = fieldPaths.filter((path) => isSentAs(accepts[path]?.to ?? '', vendorPath))
  const pointers = paths
    .filter((path) => !paths.some((other) => other.startsWith(`${path}.`)))
    .flatMap((path) => givenPlaces(spec, path))
    .filter((pointer) => index === undefined || pointer.includes(`/${index}/`))
  return pointers.length === 1 ? pointers[0] : undefined
}

/** A rule lists the vendor paths of a field; a path of several steps also matches the end of the provider's path. */
function isSentAs(to: string, vendorPath: string): boolean {
  if (to === '') return false
  return to
    .split(', ')
    .some((place) => vendorPath === place || (place.includes('.') && vendorPath.endsWith(`.${place}`)))
}

function givenPlaces(spec: object, path: FieldPath): string[] {
  return placesOf(spec, path).flatMap(({ pointer, value }) => (value === undefined ? [] : [pointer]))
}
