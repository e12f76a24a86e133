import type { FieldPath } from './spec.ts'

/** Something of a request that cannot be done. `pointer` is a JSON pointer into the request's body. */
export interface SpecProblem {
  pointer: string
  code: string
  detail: string
}

/** The first excludes each of the second. */
export const exclusives: readonly (readonly [FieldPath, readonly FieldPath[]])[] = [
  ['command', ['script']],
  ['resources.flavor', ['resources.cpus', 'resources.memoryMiB', 'resources.accelerator']],
]

/** Bytes of UTF-8 that `command` may have in all. */
export const maxCommandBytes = 65_536

/**
 * A list, map or object without anything in it says as much as one that was left out: `command: []`, `resources: {}`,
 * `providerOptions: { slurm: {} }`. Items of lists stay, whatever is in them.
 *
 * @param kept pointers of what says something by being there, and stays as it was sent
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

/** Rules between fields, whatever the provider. Pure. */
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

/** Whether a spec says anything at a path that leads through objects only. */
export function isGiven(spec: object, path: FieldPath): boolean {
  let value: unknown = spec
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return false
    value = (value as Record<string, unknown>)[step]
  }
  return value !== undefined
}
