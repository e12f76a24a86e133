import { type FieldPath, fieldPaths } from '../vocabulary/spec.ts'

/** One place of a spec that a path leads to. */
export interface Place {
  pointer: string
  /** `undefined`: the object that would hold it is there, it itself is not. */
  value: unknown
}

/** Every place that a path leads to: one, or one per item where it leads through a list; none where its object is absent. */
export function placesOf(spec: object, path: FieldPath): readonly Place[] {
  let places: Place[] = [{ pointer: '', value: spec }]
  for (const step of path.split('.')) places = places.flatMap((place) => stepInto(place, step))
  return places
}

/** The nearest path above that is a field by itself; `resources` is none. */
export function parentOf(path: FieldPath): FieldPath | undefined {
  const above = path.slice(0, Math.max(0, path.lastIndexOf('.')))
  return fieldPaths.find((each) => each === above)
}

/** A step of a JSON pointer (RFC 6901). */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function stepInto({ pointer, value }: Place, step: string): Place[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => stepInto({ pointer: `${pointer}/${index}`, value: item }, step))
  }
  if (typeof value !== 'object' || value === null) return []
  return [{ pointer: pointer + pointerStep(step), value: (value as Record<string, unknown>)[step] }]
}
