import type { Driver } from '../providers/driver.ts'
import type { Json } from '../vocabulary/json.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'

/**
 * Where in the request of a create the mark stands, found by planning one: `configuration.description`.
 * Undefined where the request carries none, or where the driver plans nothing from as little as a name: it may rely on
 * a request that has passed its rules.
 */
export function tagFieldOf<K extends Kind>(driver: Driver<K>): string | undefined {
  const correlationTag = 'markplace'.padEnd(driver.tagLength, 'x').slice(0, driver.tagLength)
  try {
    const { body, target } = driver.plan({
      correlationTag,
      spec: { name: 'example' } as Spec<K>,
      environmentRemoteId: 'example',
      before: null,
      sendBy: { at: new Date(0), monotonicMs: 0 },
      firstSentAt: new Date(0),
    })
    return pathTo(correlationTag, body ?? null, '') ?? (target.includes(correlationTag) ? 'the address' : undefined)
  } catch {
    return undefined
  }
}

function pathTo(correlationTag: string, value: Json, path: string): string | undefined {
  if (typeof value === 'string') return value.includes(correlationTag) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const found = pathTo(correlationTag, item, stepInto(path, Array.isArray(value) ? null : key))
    if (found !== undefined) return found
  }
  return undefined
}

/** `null`: into the items of a list. */
function stepInto(path: string, key: string | null): string {
  if (key === null) return `${path}[]`
  return path === '' ? key : `${path}.${key}`
}
