import { type FieldPath, fieldPaths } from '../vocabulary/field-paths.ts'

/** One location in a spec that a path resolves to. */
export interface Place {
  pointer: string
  /** `undefined` if the containing object is present without it. */
  value: unknown
}

/** The steps and the parent of each path, computed once because every request is checked against every path. */
const steps: ReadonlyMap<string, readonly string[]> = new Map(fieldPaths.map((path) => [path, path.split('.')]))
const parents: ReadonlyMap<string, FieldPath | undefined> = new Map(
  fieldPaths.map((path) => {
    const above = path.slice(0, Math.max(0, path.lastIndexOf('.')))
    return [path, fieldPaths.find((each) => each === above)]
  }),
)

/** Every location that a path resolves to: one, or one per item of a list; none if its object is absent. */
export function placesOf(spec: object, path: FieldPath): readonly Place[] {
  let places: Place[] = [{ pointer: '', value: spec }]
  for (const step of steps.get(path) ?? []) places = places.flatMap((place) => stepInto(place, step))
  return places
}

/** Whether a spec has the first step of a path. */
export function hasFirstStep(spec: object, path: FieldPath): boolean {
  return (spec as Record<string, unknown>)[steps.get(path)?.[0] ?? ''] !== undefined
}

/** The nearest parent path that is itself a field; `resources` is not one. */
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
