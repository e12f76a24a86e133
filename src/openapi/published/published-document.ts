import { answerForm } from './answer-form.ts'
import { type PublishedSchemas, publishedSchemas } from './components.ts'
import { makeProblemResponses } from './problem-responses.ts'
import { requestForm } from './request-form.ts'
import { isObject, renameReferences, type Schema } from './schema-walk.ts'

const methods = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options'])

/**
 * Makes the published document from the one that @fastify/swagger collects from the routes. Validation and
 * serialization use the schemas of the routes; the document describes the same values in a form that generators of
 * clients handle.
 */
export function publishedDocument(collected: Schema): Schema {
  const { components, paths } = collected
  const { schemas = {}, ...otherComponents } = isObject(components) ? components : {}
  const operations = isObject(paths) ? Object.values(paths).flatMap(operationsOf) : []
  const published = publishedSchemas(isObject(schemas) ? (schemas as Readonly<Record<string, Schema>>) : {}, {
    requests: operations.map(({ requestBody, parameters }) => [requestBody, parameters]),
    answers: [operations.map(({ responses }) => responses), otherComponents],
  })
  const problems = makeProblemResponses()
  const publishedPaths = mapOperations(paths, (operation) => publishedOperation(operation, published, problems))
  return {
    ...collected,
    components: { schemas: published.schemas, responses: problems.components(), ...otherComponents },
    paths: publishedPaths,
  }
}

function publishedOperation(
  operation: Schema,
  { answerName }: PublishedSchemas,
  problems: ReturnType<typeof makeProblemResponses>,
): Schema {
  const { parameters, responses } = operation
  const answers = renameReferences(isObject(responses) ? responses : {}, answerName)
  const parameterList = Array.isArray(parameters) ? { parameters: parameters.map(publishedParameter) } : {}
  return { ...operation, ...parameterList, responses: problems.referring(mapContent(answers)) }
}

/** Without defaults as well: some generators send them, and a later version may change them. */
function publishedParameter(parameter: unknown): unknown {
  if (!isObject(parameter) || !isObject(parameter.schema)) return parameter
  const { description, ...schema } = requestForm({ ...parameter.schema, description: parameter.description ?? '' })
  return { ...parameter, ...(description === '' ? {} : { description }), schema }
}

/** Schemas that stand in a response itself. */
function mapContent(responses: Schema): Schema {
  const entries = Object.entries(responses).map(([status, response]) => {
    if (!isObject(response) || !isObject(response.content)) return [status, response]
    const content = Object.entries(response.content).map(([type, media]) => [
      type,
      isObject(media) && isObject(media.schema) ? { ...media, schema: answerForm(media.schema) } : media,
    ])
    return [status, { ...response, content: Object.fromEntries(content) }]
  })
  return Object.fromEntries(entries)
}

function operationsOf(item: unknown): readonly Schema[] {
  if (!isObject(item)) return []
  return Object.entries(item).flatMap(([method, value]) => (methods.has(method) && isObject(value) ? [value] : []))
}

function mapOperations(paths: unknown, change: (operation: Schema) => Schema): Schema {
  if (!isObject(paths)) return {}
  const entries = Object.entries(paths).map(([path, item]) => {
    if (!isObject(item)) return [path, item]
    const operations = Object.entries(item).map(([method, value]) => [
      method,
      methods.has(method) && isObject(value) ? change(value) : value,
    ])
    return [path, Object.fromEntries(operations)]
  })
  return Object.fromEntries(entries)
}
