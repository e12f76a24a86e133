import { type FieldPath, fieldPaths } from '../vocabulary/spec.ts'

/** One place of a spec that a path leads to. */
export interface Place {
  pointer: string
  /** `undefined`: the object that would hold it is there, it itself is not. */
  value: unknown
}

/** The steps of each path and the path above it, found once: every request is held against every path. */
const steps: ReadonlyMap<string, readonly string[]> = new Map(fieldPaths.map((path) => [path, path.split('.')]))
const parents: ReadonlyMap<string, FieldPath | undefined> = new Map(
  fieldPaths.map((path) => {
    const above = path.slice(0, Math.max(0, path.lastIndexOf('.')))
    return [path, fieldPaths.find((each) => each === above)]
  }),
)

/** Every place that a path leads to: one, or one per item where it leads through a list; none where its object is absent. */
export function placesOf(spec: object, path: FieldPath): readonly Place[] {
  let places: Place[] = [{ pointer: '', value: spec }]
  for (const step of steps.get(path) ?? []) places = places.flatMap((place) => stepInto(place, step))
  return places
}

/** Whether a spec has the first step of a path. */
export function isBegun(spec: object, path: FieldPath): boolean {
  return (spec as Record<string, unknown>)[steps.get(path)?.[0] ?? ''] !== undefined
}

/** The nearest path above that is a field by itself; `resources` is none. */
export function parentOf(path: FieldPath): FieldPath | undefined {
  return parents.get(path)
}

function stepInto({ pointer, value }: Place, step: string): Place[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => stepInto({ pointer: `${pointer}/${index}`, value: item }, step))
  }
  if (typeof value !== 'object' || value === null) return []
  return [{ pointer: `${pointer}/${step}`, value: (value as Record<string, unknown>)[step] }]
}
