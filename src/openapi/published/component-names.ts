import { isDeepStrictEqual } from 'node:util'
import { capitalized } from '../../vocabulary/capitalized.ts'
import type { Schema } from '../document.ts'
import { mapInner, type Step, schemaPrefix } from './schema-walk.ts'

type Components = Map<string, Schema>

/**
 * Gives every object inside the schemas a separate component, named by its `title`, otherwise by the component and
 * property that contain it. Generators name nested objects by different rules, which collide, and make a type for
 * each occurrence.
 */
export function nameNested(schemas: Readonly<Record<string, Schema>>): Components {
  const components: Components = new Map()
  for (const [name, schema] of Object.entries(schemas)) add(components, name, schema)
  return components
}

function add(components: Components, name: string, { title: _, ...schema }: Schema): void {
  const named = mapInner(schema, (inner, step) => replaced(components, inner, hintOf(name, step), schema))
  const known = components.get(name)
  if (known !== undefined && !isSame(known, named))
    throw new Error(`Two different schemas are named ${name}. Give one of them another title.`)
  components.set(name, known ?? named)
}

function replaced(components: Components, schema: Schema, hint: string, parent: Schema): Schema {
  if (isNamed(schema, parent)) {
    const name = typeof schema.title === 'string' ? schema.title : hint
    add(components, name, schema)
    return { $ref: `${schemaPrefix}${name}` }
  }
  const { title: _, ...rest } = schema
  return mapInner(rest, (inner, step) => replaced(components, inner, hintOf(hint, step), rest))
}

/** Objects, and enums of a set: generators for Java and Go make a type of these. Other enums stay where they are. */
function isNamed(schema: Schema, parent: Schema): boolean {
  const isSet = parent.uniqueItems === true && parent.items !== undefined
  const isObject = Object.keys(schema.properties ?? {}).length > 0
  return isObject || (isSet && schema.enum !== undefined)
}

function hintOf(name: string, step: Step): string {
  if (step === null) return name
  if (step === 'item') return name.endsWith('s') ? name.slice(0, -1) : `${name}Item`
  // Objects inside a patch are replaced as a whole, so they are those of the request.
  return name.replace(/Patch$/, '') + capitalized(step.property)
}

function isSame({ description: _a, ...a }: Schema, { description: _b, ...b }: Schema): boolean {
  return isDeepStrictEqual(a, b)
}
