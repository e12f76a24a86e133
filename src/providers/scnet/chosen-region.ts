import type { Json } from '../../vocabulary/json.ts'
import { readId, readText } from '../kit/fields.ts'
import type { ScnetSettings } from './settings.ts'

type Choice = Pick<ScnetSettings, 'clusterId' | 'clusterName'>

/** Whether this entry is the region that the connection names: by its id, by its name, or by both. */
export function isChosen(entry: Json, { clusterId, clusterName }: Choice): boolean {
  if (clusterId === undefined && clusterName === undefined) return false
  if (clusterId !== undefined && idOf(entry) !== clusterId) return false
  return clusterName === undefined || nameOf(entry) === clusterName
}

/** The region among the entries of an answer to its own token: the only one, however it is called, or the chosen one. */
export function chosenAmong(entries: readonly Json[], choice: Choice): Json | undefined {
  return entries.length === 1 ? entries[0] : entries.find((each) => isChosen(each, choice))
}

/** The setting that is wrong where no entry is chosen. */
export function fieldOf({ clusterId, clusterName }: Choice): string {
  return clusterId === undefined && clusterName !== undefined ? 'settings.clusterName' : 'settings.clusterId'
}

/** `11112 (East)`, of at most thirty entries. */
export function listed(entries: readonly Json[]): string {
  const known = entries.map((each) => `${idOf(each)} (${nameOf(each)})`).slice(0, 30)
  return known.join(', ') || 'none'
}

/** Lists of tokens say `clusterId` and `clusterName`, centers `id` and `name`. */
function idOf(entry: Json): string | undefined {
  return readId(entry, 'clusterId') ?? readId(entry, 'id')
}

function nameOf(entry: Json): string | undefined {
  return readText(entry, 'clusterName') ?? readText(entry, 'name')
}
