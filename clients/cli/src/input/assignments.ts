import { parse, YAMLParseError } from 'yaml'
import { usageError } from '../command-error.ts'
import { isJsonObject, type JsonObject } from './json.ts'

/** Names that would change the prototype of an object instead of a member. */
const unsafeNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Applies assignments such as `resources.cpus=4` to a copy of a request. A value is YAML, so that `4` is a number and
 * `"4"` a string; an empty value removes the field. `\.` is a dot inside a name, and a number selects an item of a list.
 */
export function applyAssignments(request: JsonObject, assignments: readonly string[]): JsonObject {
  const changed = structuredClone(request)
  for (const assignment of assignments) assign(changed, assignment)
  return changed
}

function assign(request: JsonObject, assignment: string): void {
  const equals = assignment.indexOf('=')
  if (equals < 1) throw usageError(`--set ${assignment}: Expected path=value, such as resources.cpus=4.`)
  const names = namesOf(assignment.slice(0, equals), assignment)
  const last = names.pop() ?? ''
  let target: JsonObject | unknown[] = request
  for (const name of names) target = memberOf(target, name, assignment)
  setMember(target, last, { assignment, text: assignment.slice(equals + 1) })
}

function namesOf(path: string, assignment: string): string[] {
  const names = path.split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'))
  if (names.includes('')) throw usageError(`--set ${assignment}: The path has an empty name. Write names as a.b.c.`)
  const unsafe = names.find((name) => unsafeNames.has(name))
  if (unsafe !== undefined) throw usageError(`--set ${assignment}: ${unsafe} is not a field of a request.`)
  return names
}

function memberOf(target: JsonObject | unknown[], name: string, assignment: string): JsonObject | unknown[] {
  const key = keyOf(target, name, assignment)
  const found = Reflect.get(target, key)
  if (isJsonObject(found) || Array.isArray(found)) return found
  if (found !== undefined && found !== null)
    throw usageError(`--set ${assignment}: ${name} is ${JSON.stringify(found)}, which has no fields.`)
  const created: JsonObject = {}
  Reflect.set(target, key, created)
  return created
}

function setMember(
  target: JsonObject | unknown[],
  name: string,
  { assignment, text }: { assignment: string; text: string },
): void {
  const key = keyOf(target, name, assignment)
  if (text !== '') Reflect.set(target, key, parsedValue(text, assignment))
  else if (Array.isArray(target)) target.splice(Number(key), 1)
  else Reflect.deleteProperty(target, key)
}

/** A list accepts the index of an item, or the index after the last one to append. */
function keyOf(target: JsonObject | unknown[], name: string, assignment: string): string {
  if (!Array.isArray(target)) return name
  if (/^\d{1,4}$/.test(name) && Number(name) <= target.length) return name
  throw usageError(`--set ${assignment}: A list of ${target.length} items has no item ${name}.`)
}

function parsedValue(text: string, assignment: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw usageError(`--set ${assignment}: The value is not valid YAML: ${error.message.split('\n')[0]}`, error)
  }
}
