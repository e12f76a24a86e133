import type { Deprecation } from '../http/deprecations.ts'
import { markDeprecated } from './deprecated-marks.ts'
import type { OpenApiDocument } from './document.ts'
import { insertExamples } from './insert-examples.ts'
import { declareHeaders } from './response-headers.ts'
import { webhooks } from './webhooks.ts'

/**
 * Completes the document that is generated from the routes: response headers that hooks send, deprecations, webhooks
 * and examples. Changes and returns the given document.
 */
export function completeDocument(document: OpenApiDocument, table: readonly Deprecation[]): OpenApiDocument {
  declareHeaders(document)
  markDeprecated(document, table)
  document.webhooks = webhooks()
  insertExamples(document)
  return document
}
