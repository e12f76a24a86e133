import { usageError } from '../command-error.ts'
import { isJsonObject, type JsonObject } from './json.ts'

/** Maximum number of jobs of one batch. */
export const maxBatchSize = 1000

type Scalar = string | number | boolean

/** One value for each name of the matrix. */
export type Combination = Readonly<Record<string, Scalar>>

/**
 * Expands a request with a `matrix` into one request for each combination of its values, the last name varying fastest.
 * `${{ matrix.<name> }}` is replaced in every text: by the value itself if it is the whole text. Without a matrix: null.
 */
export function expandMatrix<T extends object>(request: T & JsonObject): T[] | null {
  const { matrix, ...template }: JsonObject = request
  if (matrix === undefined) return null
  const combinations = combinationsOf(matrix)
  return combinations.map((combination) => {
    // Not validated, like the template: the service validates each request.
    return substituted(template, combination) as T
  })
}

function combinationsOf(matrix: unknown): Combination[] {
  if (!isJsonObject(matrix)) throw usageError('matrix is no object. Write it as name: [value, value].')
  const { exclude = [], ...axes } = matrix
  const values = Object.entries(axes).map(([name, list]) => axisOf(name, list))
  if (values.length === 0) throw usageError('matrix is empty. Write it as name: [value, value].')
  const size = values.reduce((product, axis) => product * axis.length, 1)
  if (size > maxBatchSize)
    throw usageError(`matrix has ${size} combinations. A batch has at most ${maxBatchSize} jobs.`)
  const all = values.reduce<Combination[]>(
    (combinations, axis) => combinations.flatMap((combination) => axis.map((value) => ({ ...combination, ...value }))),
    [{}],
  )
  const kept = all.filter((combination) => !excludes(exclude).some((each) => isPartOf(each, combination)))
  if (kept.length === 0) throw usageError('matrix.exclude excludes every combination.')
  return kept
}

function axisOf(name: string, list: unknown): Combination[] {
  if (!/^[A-Za-z_][\w-]*$/.test(name))
    throw usageError(`matrix has the name ${JSON.stringify(name)}. Use letters, digits, _ and -.`)
  if (!Array.isArray(list) || list.length === 0 || !list.every(isScalar))
    throw usageError(`matrix.${name} is no list of texts, numbers and booleans.`)
  return list.map((value) => ({ [name]: value }))
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function excludes(list: unknown): JsonObject[] {
  if (Array.isArray(list) && list.every(isJsonObject)) return list
  throw usageError('matrix.exclude is no list of objects, such as - {rate: 0.1, depth: 4}.')
}

function isPartOf(part: JsonObject, combination: Combination): boolean {
  const names = Object.keys(part)
  return names.length > 0 && names.every((name) => part[name] === combination[name])
}

function substituted(value: unknown, combination: Combination): unknown {
  if (typeof value === 'string') return substitutedText(value, combination)
  if (Array.isArray(value)) return value.map((item) => substituted(item, combination))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, substituted(member, combination)]))
}

function substitutedText(text: string, combination: Combination): unknown {
  const [, whole] = /^\$\{\{ *matrix\.([\w-]+) *\}\}$/.exec(text) ?? []
  if (whole !== undefined) return valueIn(combination, whole)
  return text.replace(/\$\{\{ *matrix\.([\w-]+) *\}\}/g, (_text, name: string) => String(valueIn(combination, name)))
}

function valueIn(combination: Combination, name: string): Scalar {
  const value = Object.hasOwn(combination, name) ? combination[name] : undefined
  if (value !== undefined) return value
  throw usageError(`matrix.${name} is used, but not defined. Defined names: ${Object.keys(combination).join(', ')}.`)
}
