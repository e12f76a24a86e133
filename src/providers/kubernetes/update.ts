import type { JsonObject } from '../../vocabulary/json.ts'
import type { Spec } from '../../vocabulary/kinds.ts'
import { descriptionAnnotation } from './objects.ts'

/** The patch that changes the description; null if the request contains none. */
export function describedBy({ description }: Pick<Spec, 'description'>): JsonObject | null {
  return description === undefined ? null : { metadata: { annotations: { [descriptionAnnotation]: description } } }
}
