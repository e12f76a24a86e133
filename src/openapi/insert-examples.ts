import type { MediaType, OpenApiDocument, Operation, Response } from './document.ts'
import { operationsOf } from './document.ts'
import { requestExamples, responseExamples } from './examples/examples.ts'

/**
 * Inserts the examples of request bodies and success responses. Query parameters have none: documentation pages would
 * send them as filters.
 */
export function insertExamples(document: OpenApiDocument): void {
  for (const operation of operationsOf(document)) {
    const { operationId, parameters = [], responses } = operation
    for (const parameter of parameters) if (parameter.in === 'query') delete parameter.example
    insertRequests(operation)
    const media = successOf(responses)
    if (media !== undefined && operationId in responseExamples)
      media.examples = { success: { value: responseExamples[operationId] } }
  }
}

function insertRequests({ operationId, requestBody }: Operation): void {
  const examples = requestExamples[operationId]
  if (examples === undefined) return
  for (const media of Object.values(requestBody?.content ?? {})) media.examples = examples
}

/** The body of the first success response. */
export function successOf(responses: Readonly<Record<string, Response>>): MediaType | undefined {
  const contents = Object.entries(responses).flatMap(([status, { content }]) =>
    status.startsWith('2') ? Object.values(content ?? {}) : [],
  )
  return contents[0]
}
