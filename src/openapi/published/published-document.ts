import type { MediaType, OpenApiDocument, Operation, Parameter, Response } from '../document.ts'
import { operationsOf } from '../document.ts'
import { type PublishedSchemas, publishedSchemas } from './components.ts'
import { makeProblemResponses } from './problem-responses.ts'
import { requestForm } from './request-form.ts'
import { responseForm } from './response-form.ts'
import { renameReferences } from './schema-walk.ts'

/**
 * Creates the published document from the one that @fastify/swagger collects from the routes. Validation and
 * serialization use the schemas of the routes; the document describes the same values in a form that generators of
 * clients handle.
 */
export function publishedDocument(collected: OpenApiDocument): OpenApiDocument {
  const { schemas = {}, ...otherComponents } = collected.components
  const operations = operationsOf(collected)
  const published = publishedSchemas(schemas, {
    requests: operations.map(({ requestBody, parameters }) => [requestBody, parameters]),
    responses: [operations.map(({ responses }) => responses), otherComponents],
  })
  const problems = makeProblemResponses()
  const paths = mapValues(collected.paths, (item) =>
    mapValues(item, (operation) => publishedOperation(operation, published, problems)),
  )
  const components = { schemas: published.schemas, responses: problems.components(), ...otherComponents }
  return { ...collected, components, paths }
}

function publishedOperation(
  operation: Operation,
  { responseName }: PublishedSchemas,
  problems: ReturnType<typeof makeProblemResponses>,
): Operation {
  const { parameters, responses } = operation
  const responseComponents = mapValues(renameReferences(responses, responseName), withResponseForms)
  const parameterList = parameters === undefined ? {} : { parameters: parameters.map(publishedParameter) }
  return { ...operation, ...parameterList, responses: problems.referring(responseComponents) }
}

/** Without defaults as well: some generators send them, and a later version may change them. */
function publishedParameter(parameter: Parameter): Parameter {
  if (parameter.schema === undefined) return parameter
  const { description, ...schema } = requestForm({ ...parameter.schema, description: parameter.description ?? '' })
  return { ...parameter, ...(description ? { description } : {}), schema }
}

/** Publishes the schemas that are in the response itself. */
function withResponseForms(response: Response): Response {
  const published = (media: MediaType) =>
    media.schema === undefined ? media : { ...media, schema: responseForm(media.schema) }
  return response.content === undefined ? response : { ...response, content: mapValues(response.content, published) }
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
