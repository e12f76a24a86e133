import { eventTypes } from '../../src/vocabulary/event-types.ts'
import { code, withGeneratedPart } from './markdown.ts'

/** Generates docs/webhooks.md with all event types that an endpoint can subscribe to. */
export function generateEventTypes(page: string): string {
  const kinds = Map.groupBy(eventTypes, (type) => type.split('.')[0] ?? '')
  const lines = [...kinds].map(([kind, types]) => `- ${code(`${kind}.*`)}: ${types.map(code).join(' ')}`)
  return withGeneratedPart(page, { name: 'event-types', heading: 'Types', text: lines.join('\n') })
}
