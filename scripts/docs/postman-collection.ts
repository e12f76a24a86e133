import { readFile } from 'node:fs/promises'

interface Parameter {
  in: string
  name: string
  description?: string
}

interface Operation {
  operationId: string
  tags: readonly string[]
  summary: string
  description?: string
  parameters?: readonly Parameter[]
  requestBody?: { content: Record<string, { examples?: Record<string, Example> }> }
}

interface Example {
  summary?: string
  value: unknown
}

interface OpenApi {
  info: { title: string; description: string }
  tags: readonly { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
}

interface Route {
  method: string
  path: string
  operation: Operation
}

/**
 * The OpenAPI document as a Postman collection (format 2.1), which Bruno imports too: a folder per tag and a request per
 * example. `url` and `apiKey` are variables of the collection; optional query parameters are listed and switched off.
 */
export async function generatePostmanCollection(documentPath: string): Promise<string> {
  const { info, tags, paths }: OpenApi = JSON.parse(await readFile(documentPath, 'utf8'))
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Route => ({ method, path, operation })),
  )
  const collection = {
    info: {
      name: info.title,
      description: info.description,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{apiKey}}', type: 'string' }] },
    variable: [
      { key: 'url', value: 'http://127.0.0.1:8080' },
      { key: 'apiKey', value: '' },
    ],
    // The tag of webhook deliveries has no requests.
    item: tags
      .map(({ name, description }) => ({
        ...{ name, description },
        item: routes.filter(({ operation }) => operation.tags.includes(name)).flatMap(requestsOf),
      }))
      .filter(({ item }) => item.length > 0),
  }
  return `${JSON.stringify(collection, null, 2)}\n`
}

/** A request for each example of the body; one if the operation has no body. */
function requestsOf(route: Route): readonly object[] {
  const { summary, requestBody } = route.operation
  const [[contentType, { examples = {} }] = ['', {}]] = Object.entries(requestBody?.content ?? {})
  const bodies = Object.values(examples)
  if (bodies.length === 0) return [{ name: summary, request: requestOf(route) }]
  return bodies.map(({ summary: example, value }) => ({
    name: example === undefined ? summary : `${summary}: ${example}`,
    request: {
      ...requestOf(route),
      header: [{ key: 'Content-Type', value: contentType }],
      body: { mode: 'raw', raw: JSON.stringify(value, null, 2), options: { raw: { language: 'json' } } },
    },
  }))
}

function requestOf({ method, path, operation: { description, summary, parameters = [] } }: Route): object {
  const segments = path.slice(1).replaceAll(/\{(\w+)\}/g, ':$1')
  const given = (place: string) => parameters.filter((parameter) => parameter.in === place)
  return {
    method: method.toUpperCase(),
    description: description ?? summary,
    header: [],
    url: {
      raw: `{{url}}/${segments}`,
      host: ['{{url}}'],
      path: segments.split('/'),
      variable: given('path').map(({ name, description: text }) => ({ key: name, value: '', description: text })),
      query: given('query').map(({ name, description: text }) => ({
        ...{ key: name, value: '', description: text, disabled: true },
      })),
    },
  }
}
