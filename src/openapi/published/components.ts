import { isDeepStrictEqual } from 'node:util'
import type { Schema } from '../document.ts'
import { nameNested } from './component-names.ts'
import { requestForm } from './request-form.ts'
import { responseForm } from './response-form.ts'
import { referencesIn, renameReferences } from './schema-walk.ts'

type Schemas = Readonly<Record<string, Schema>>

/** Parts of the document from which components are reached. */
interface Uses {
  requests: unknown
  responses: unknown
}

export interface PublishedSchemas {
  schemas: Schemas
  /** Name of the component of a response. */
  responseName(name: string): string
}

/**
 * The components of requests and of responses. What both contain is one component if its two forms are equal; otherwise
 * that of the response has the suffix `View`.
 */
export function publishedSchemas(schemas: Schemas, uses: Uses): PublishedSchemas {
  const sent = reachable(schemas, uses.requests)
  const received = reachable(schemas, uses.responses)
  const names = Object.keys(schemas)
  const formOf = (form: (schema: Schema) => Schema, isPart: (name: string) => boolean) =>
    nameNested(Object.fromEntries(names.filter(isPart).map((name) => [name, form(schemas[name] ?? {})])))
  const requests = formOf(requestForm, (name) => sent.has(name))
  const responses = formOf(responseForm, (name) => received.has(name) || !sent.has(name))
  const differing = namesThatDiffer(requests, responses)
  const responseName = (name: string) => (differing.has(name) ? `${name}View` : name)
  const all = new Map(requests)
  for (const [name, schema] of responses) all.set(responseName(name), renameReferences(schema, responseName))
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, schema]) => [name, unmarked(schema)])
  return { schemas: Object.fromEntries(sorted), responseName }
}

/** Names of the components that a part of the document contains, directly or inside others. */
function reachable(schemas: Schemas, part: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (inside: unknown): void => {
    for (const name of referencesIn(inside)) {
      if (found.has(name) || schemas[name] === undefined) continue
      found.add(name)
      visit(schemas[name])
    }
  }
  visit(part)
  return found
}

/** Components with two forms, and components that contain one of these. */
function namesThatDiffer(requests: ReadonlyMap<string, Schema>, responses: ReadonlyMap<string, Schema>): Set<string> {
  const shared = [...responses.keys()].filter((name) => requests.has(name))
  const differing = new Set(shared.filter((name) => !isDeepStrictEqual(requests.get(name), responses.get(name))))
  let size = -1
  while (size !== differing.size) {
    size = differing.size
    for (const name of shared)
      if (referencesIn(responses.get(name)).some((each) => differing.has(each))) differing.add(name)
  }
  return differing
}

/** Without the markers that are only for this module. */
function unmarked(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === 'x-closed' ? undefined : value)))
}
