import type { FieldPath } from './field-paths.ts'

/** Problem of a request. `pointer` is a JSON pointer into the request body. */
export interface SpecProblem {
  pointer: string
  code: string
  detail: string
}

/** Mutually exclusive fields: the first excludes each of the second. */
export const exclusives: readonly (readonly [FieldPath, readonly FieldPath[]])[] = [
  ['command', ['script']],
  ['resources.flavor', ['resources.cpus', 'resources.memoryMiB', 'resources.accelerator']],
]

/** Maximum size of `command` in total, in bytes of UTF-8. */
export const maxCommandBytes = 65_536

/**
 * Removes empty lists, maps and objects, which mean the same as absent ones: `command: []`, `resources: {}`,
 * `providerOptions: { slurm: {} }`. List items are kept, even if empty.
 *
 * @param kept pointers of fields that are meaningful even if empty, and are kept as sent
 */
export function withoutEmptyFields<S extends object>(spec: S, kept: ReadonlySet<string>, pointer = ''): S {
  const given = Object.entries(spec).flatMap(([name, value]) => {
    const at = `${pointer}/${name}`
    if (kept.has(at)) return [[name, value]]
    const cleaned = withoutEmptyParts(value, kept, at)
    return typeof cleaned === 'object' && cleaned !== null && Object.keys(cleaned).length === 0 ? [] : [[name, cleaned]]
  })
  return Object.fromEntries(given) as S
}

function withoutEmptyParts(value: unknown, kept: ReadonlySet<string>, pointer: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value)
    ? value.map((item) => withoutEmptyParts(item, kept, pointer))
    : withoutEmptyFields(value, kept, pointer)
}

interface RuledFields {
  command?: readonly string[]
  script?: string
  resources?: { flavor?: string; cpus?: number; memoryMiB?: number; accelerator?: object }
}

/** Checks the rules between fields that hold for every provider. Pure. */
export function problemsBetweenFields(spec: RuledFields): readonly SpecProblem[] {
  return [...exclusionProblems(spec), ...commandProblems(spec.command ?? [])]
}

function exclusionProblems(spec: RuledFields): SpecProblem[] {
  return exclusives.flatMap(([first, others]) => {
    if (!isGiven(spec, first)) return []
    return others
      .filter((other) => isGiven(spec, other))
      .map((other) => ({
        pointer: `/${other.replaceAll('.', '/')}`,
        code: 'exclusive',
        detail: `\`${other}\` and \`${first}\` are mutually exclusive. Send only one of them.`,
      }))
  })
}

function commandProblems(command: readonly string[]): SpecProblem[] {
  const bytes = command.reduce((sum, word) => sum + new TextEncoder().encode(word).byteLength, 0)
  if (bytes <= maxCommandBytes) return []
  const detail = `command has ${bytes} bytes in total; the maximum is ${maxCommandBytes}. Use a file or \`script\` for long text.`
  return [{ pointer: '/command', code: 'too_long', detail }]
}

/** Whether a spec has a value at a path that leads through objects only. */
export function isGiven(spec: object, path: FieldPath): boolean {
  let value: unknown = spec
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return false
    value = (value as Record<string, unknown>)[step]
  }
  return value !== undefined
}
