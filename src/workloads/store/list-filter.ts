import type { Kind } from '../../vocabulary/kinds.ts'

/** Filters of a list. All must match; several statuses are alternatives. */
export interface Filter {
  status?: readonly string[]
  labels?: readonly { key: string; value: string }[]
  provider?: string
  connectionId?: string
  environmentId?: string
  remoteId?: string
  active?: boolean
  namePrefix?: string
  createdAfter?: Date
  createdBefore?: Date
  ids?: readonly string[]
}

/** Start of a page: after this id and, in a list by name, after this name. */
export interface After {
  id: string
  name?: string
}

export interface ListQuery {
  projectId: string
  kind: Kind
  filter: Filter
  order: 'asc' | 'desc'
  limit: number
  after: After | null
}

/** A list by name prefix is ordered by (name, id), any other by id, which is by creation. */
export function isByName({ filter }: ListQuery): boolean {
  return filter.namePrefix !== undefined
}

/** A page of a list and the start of the next one; null = none. */
export interface Page<R> {
  found: readonly R[]
  next: After | null
}

/** At most one filter: most requests are for one of these few lists. */
export function isPlain({ filter }: ListQuery): boolean {
  return Object.keys(filter).length <= 1 && (filter.labels ?? []).length <= 1
}
