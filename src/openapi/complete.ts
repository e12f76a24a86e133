import type { Deprecation } from '../http/deprecations.ts'
import { markDeprecated } from './deprecated-marks.ts'
import type { OpenApiDocument } from './document.ts'
import { declareHeaders } from './response-headers.ts'

/**
 * Completes the document that is generated from the routes: response headers that hooks send, and deprecations. Changes
 * and returns the given document.
 */
export function completeDocument(document: OpenApiDocument, table: readonly Deprecation[]): OpenApiDocument {
  declareHeaders(document)
  markDeprecated(document, table)
  return document
}
