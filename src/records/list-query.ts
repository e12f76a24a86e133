import type { ValidationError } from '../vocabulary/api-error.ts'
import { instantOf } from '../vocabulary/instant.ts'
import type { Filter } from '../workloads/store/list.repository.ts'

/** The validated query of a list. */
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

type Location = Pick<ValidationError, 'in' | 'pointer'>

const inQuery = (name: string): Location => ({ in: 'query', pointer: name })

/**
 * The filters of a list query, to which cursors are bound too.
 *
 * @param locationOf where a parameter was sent
 */
export function filterOf(query: ListParameters, locationOf: (name: string) => Location = inQuery): Filter {
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
    ...(createdAfter === undefined ? {} : { createdAfter: instantOf(createdAfter, locationOf('createdAfter')) }),
    ...(createdBefore === undefined ? {} : { createdBefore: instantOf(createdBefore, locationOf('createdBefore')) }),
  }
}

function splitLabel(label: string): { key: string; value: string } {
  const at = label.indexOf(':')
  return { key: label.slice(0, at), value: label.slice(at + 1) }
}
