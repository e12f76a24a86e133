import { Refusal } from '../vocabulary/refusal.ts'
import type { Filter } from './list.repository.ts'

/** The query of a list, as the route validated it. */
export interface ListParameters {
  status?: string[]
  label?: string[]
  provider?: string
  connectionId?: string
  environmentId?: string
  remoteId?: string
  active?: boolean
  namePrefix?: string
  createdAfter?: string
  createdBefore?: string
  ids?: string[]
}

/** What a list is narrowed down to, from its query. Also what a cursor is bound to. */
export function filterOf(query: ListParameters): Filter {
  const {
    label,
    createdAfter,
    createdBefore,
    status,
    provider,
    connectionId,
    environmentId,
    remoteId,
    active,
    namePrefix,
    ids,
  } = query
  const simple = { status, provider, connectionId, environmentId, remoteId, active, namePrefix, ids }
  return {
    ...(Object.fromEntries(Object.entries(simple).filter(([, value]) => value !== undefined)) as Filter),
    ...(label === undefined ? {} : { labels: label.map(splitLabel) }),
    ...(createdAfter === undefined ? {} : { createdAfter: instant('createdAfter', createdAfter) }),
    ...(createdBefore === undefined ? {} : { createdBefore: instant('createdBefore', createdBefore) }),
  }
}

const earliest = Date.parse('0001-01-01T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')

/** A format check lets leap seconds and years pass that JavaScript or the database cannot hold. */
function instant(pointer: 'createdAfter' | 'createdBefore', text: string): Date {
  const at = new Date(text)
  if (at.getTime() >= earliest && at.getTime() <= latest) return at
  const detail = `${pointer} is ${text}, which is no time between the years 1 and 9999. Send one like 2024-05-01T12:00:00Z.`
  throw new Refusal('invalid_request', detail, { errors: [{ in: 'query', pointer, code: 'format', detail }] })
}

function splitLabel(label: string): { key: string; value: string } {
  const at = label.indexOf(':')
  return { key: label.slice(0, at), value: label.slice(at + 1) }
}
