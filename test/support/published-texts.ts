import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { document, resolvedResponse, type Schema } from './contract.ts'

/** Text visible to clients, and its location. */
export interface PublishedText {
  at: string
  text: string
}

interface Described {
  $ref?: string
  description?: string
  schema?: Schema
  content?: Readonly<Record<string, { schema?: Schema }>>
}

type Operation = Described & {
  summary?: string
  parameters?: readonly (Described & { name: string })[]
  requestBody?: Described
  responses: Readonly<Record<string, Described & { headers?: Readonly<Record<string, Described>> }>>
}

/** Elements of the OpenAPI document that require a description, with their description; empty = none. */
export function contractTexts(): PublishedText[] {
  const { paths, components, tags } = document as unknown as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    components: { schemas: Readonly<Record<string, Schema>>; headers: Readonly<Record<string, Described>> }
    tags: readonly { name: string; description?: string }[]
  }
  return [
    ...tags.map(({ name, description = '' }) => ({ at: `tag ${name}`, text: description })),
    ...Object.entries(components.schemas).flatMap(([name, schema]) => [
      textOf(schema, name),
      ...textsWithin(schema, name),
    ]),
    ...headerTexts(components.headers, 'header'),
    ...Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => operationTexts(operation, `${method} ${path}`)),
    ),
  ]
}

function operationTexts(operation: Operation, at: string): PublishedText[] {
  const { summary = '', parameters = [], requestBody, responses } = operation
  return [
    { at: `${at} summary`, text: summary },
    textOf(operation, at),
    ...parameters.flatMap((each) => [
      textOf(each, `${at} ?${each.name}`),
      ...contentTexts(each, `${at} ?${each.name}`),
    ]),
    ...(requestBody === undefined ? [] : contentTexts(requestBody, `${at} body`)),
    ...Object.entries(responses).flatMap(([status, given]) => {
      const response = resolvedResponse(given)
      return [
        textOf(response, `${at} ${status}`),
        ...headerTexts(response.headers, `${at} ${status}`),
        ...contentTexts(response, `${at} ${status}`),
      ]
    }),
  ]
}

/** A `$ref` is described at its definition. */
function headerTexts(headers: Readonly<Record<string, Described>> = {}, at: string): PublishedText[] {
  const inline = Object.entries(headers).filter(([, header]) => header.$ref === undefined)
  return inline.map(([name, header]) => textOf(header, `${at} ${name}`))
}

function contentTexts({ content = {}, schema }: Described, at: string): PublishedText[] {
  return [schema, ...Object.values(content).map((each) => each.schema)].flatMap((each) =>
    each === undefined ? [] : textsWithin(each, at),
  )
}

/** Properties of a schema, nested ones included. A `$ref` is described at its definition. */
function textsWithin(schema: Schema, at: string): PublishedText[] {
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.$ref === undefined ? [textOf(property, `${at}.${name}`)] : []),
    ...textsWithin(property, `${at}.${name}`),
  ])
  const { items, anyOf = [], patternProperties = {}, additionalProperties } = schema
  const inner = [items, ...anyOf, ...Object.values(patternProperties), additionalProperties]
  return [...properties, ...inner.flatMap((each) => (isSchema(each) ? textsWithin(each, `${at}[]`) : []))]
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}

function textOf({ description = '' }: { description?: unknown } | Schema, at: string): PublishedText {
  return { at, text: String(description) }
}

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Folders with texts visible to clients. */
const folders = [
  ...['access', 'capabilities', 'connections', 'environments', 'events', 'http', 'jobs', 'providers', 'records'],
  ...['secrets', 'vocabulary', 'webhooks', 'workloads'],
]

/** String literals of `src/` that can be part of a message: several words, neither SQL nor logged. */
export function messageTexts(): PublishedText[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => literalsOf(join('src', folder, name))),
  )
}

function literalsOf(file: string): PublishedText[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest)
  const found: PublishedText[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) || isLogCall(node) || ts.isImportDeclaration(node)) return
    if (ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      if (/\S \S/.test(node.text)) found.push({ at: `${file}:${line + 1}`, text: node.text })
    }
    node.forEachChild(visit)
  }
  visit(source)
  return found
}

const levels = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'log'])

/** Whether a call is `log.warn(…)` or similar, for any name of the logger. */
function isLogCall(node: ts.Node): boolean {
  return (
    ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && levels.has(node.expression.name.text)
  )
}
