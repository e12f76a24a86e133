import type { ListParameters } from '../src/records/list-query.ts'
import { type SeedTarget, seededDays } from './seed.ts'

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()

/** List filters for the jobs of `seedJobs`: matching most, few, or none. */
export const readFilters: Readonly<Record<string, (target: SeedTarget) => ListParameters>> = {
  none: () => ({}),
  status: () => ({ status: ['succeeded'] }),
  'status, few': () => ({ status: ['unknown'] }),
  'status, no match': () => ({ status: ['canceling'] }),
  'several statuses': () => ({ status: ['failed', 'canceled', 'unknown', 'running'] }),
  active: () => ({ active: true }),
  'not active': () => ({ active: false }),
  label: () => ({ label: ['env:prod'] }),
  'label, few': () => ({ label: ['half:rare'] }),
  'label, no match': () => ({ label: ['env:none'] }),
  'name prefix': () => ({ namePrefix: 'train' }),
  'name prefix, no match': () => ({ namePrefix: 'nobody' }),
  provider: () => ({ provider: 'slurm' }),
  'provider, no match': () => ({ provider: 'modelarts' }),
  connection: ({ connectionIds: [id] }) => ({ connectionId: id }),
  environment: ({ environmentId }) => ({ environmentId }),
  'remote id': () => ({ remoteId: 'r77' }),
  'created after': () => ({ createdAfter: daysAgo(1) }),
  'created before': () => ({ createdBefore: daysAgo(seededDays / 2) }),
  'created, no match': () => ({ createdBefore: daysAgo(2 * seededDays) }),
  'label + status': () => ({ label: ['team:t7'], status: ['succeeded'] }),
  'label + status, few': () => ({ label: ['env:prod'], status: ['unknown'] }),
  'label + status, no match': () => ({ label: ['half:odd'], status: ['failed'] }),
  'label + status, apart': () => ({ label: ['day:d3'], status: ['running'] }),
  'label + active': () => ({ label: ['half:odd'], active: true }),
  'label + name prefix': () => ({ label: ['env:prod'], namePrefix: 'train' }),
  'label + name prefix, few': () => ({ label: ['env:prod'], namePrefix: 'zebra' }),
  'label + name prefix, no match': () => ({ label: ['half:odd'], namePrefix: 'prepare-' }),
  'label + name prefix + status, no match': () => ({ label: ['half:odd'], namePrefix: 'train', status: ['failed'] }),
  'two labels': () => ({ label: ['env:prod', 'team:t5'] }),
  'two labels, few': () => ({ label: ['env:prod', 'half:rare'] }),
  'two labels, no match': () => ({ label: ['half:odd', 'team:t2'] }),
}

/** Encodes list parameters as a URL query. */
export function queryOf(parameters: ListParameters): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each))
  return query.toString()
}
