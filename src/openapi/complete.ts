import type { Deprecation } from '../http/deprecations.ts'
import { markDeprecated } from './deprecated-marks.ts'
import type { OpenApiDocument } from './document.ts'
import { insertExamples } from './insert-examples.ts'
import { publishedDocument } from './published/published-document.ts'
import { declareHeaders } from './response-headers.ts'
import { webhooks } from './webhooks.ts'

/**
 * Turns the document that is collected from the routes into the one that is published: named components, then response
 * headers that hooks send, deprecations, webhooks and examples.
 */
export function completeDocument(collected: OpenApiDocument, table: readonly Deprecation[]): OpenApiDocument {
  const document = publishedDocument(collected)
  declareHeaders(document)
  markDeprecated(document, table)
  document.webhooks = webhooks()
  insertExamples(document)
  return document
}
