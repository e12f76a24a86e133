import type { Driver } from '../providers/provider.ts'
import type { Json } from '../vocabulary/json.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'

/**
 * Where in the request of a create the mark stands, found by planning one: `configuration.description`.
 * Undefined where the request carries none, or where the driver plans nothing from as little as a name: it may rely on
 * a request that has passed its rules.
 */
export function markPlaceOf<K extends Kind>(driver: Driver<K>): string | undefined {
  const mark = 'markplace'.padEnd(driver.markLength, 'x').slice(0, driver.markLength)
  try {
    const { body, target } = driver.plan({
      mark,
      spec: { name: 'example' } as Spec<K>,
      environmentRemoteId: 'example',
      before: null,
      sendBy: { at: new Date(0), monotonicMs: 0 },
      firstSentAt: new Date(0),
    })
    return pathTo(mark, body ?? null, '') ?? (target.includes(mark) ? 'the address' : undefined)
  } catch {
    return undefined
  }
}

function pathTo(mark: string, value: Json, path: string): string | undefined {
  if (typeof value === 'string') return value.includes(mark) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const found = pathTo(mark, item, stepInto(path, Array.isArray(value) ? null : key))
    if (found !== undefined) return found
  }
  return undefined
}

/** `null`: into the items of a list. */
function stepInto(path: string, key: string | null): string {
  if (key === null) return `${path}[]`
  return path === '' ? key : `${path}.${key}`
}
