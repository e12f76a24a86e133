import type { Json } from '../../vocabulary/json.ts'
import { readId, readText } from '../kit/fields.ts'
import type { ScnetSettings } from './settings.ts'

type Choice = Pick<ScnetSettings, 'clusterId' | 'clusterName'>

/** Whether this entry is the connection's region: by its id, its name, or both. */
export function isChosen(entry: Json, { clusterId, clusterName }: Choice): boolean {
  if (clusterId === undefined && clusterName === undefined) return false
  if (clusterId !== undefined && idOf(entry) !== clusterId) return false
  return clusterName === undefined || nameOf(entry) === clusterName
}

/** The region in the response to its token: the only entry, whatever its name, or the selected one. */
export function chosenAmong(entries: readonly Json[], choice: Choice): Json | undefined {
  return entries.length === 1 ? entries[0] : entries.find((each) => isChosen(each, choice))
}

/** The invalid setting if no entry matches. */
export function fieldOf({ clusterId, clusterName }: Choice): string {
  return clusterId === undefined && clusterName !== undefined ? 'settings.clusterName' : 'settings.clusterId'
}

/** Formats at most thirty entries as `11112 (East)`. */
export function listed(entries: readonly Json[]): string {
  const known = entries.map((each) => `${idOf(each)} (${nameOf(each)})`).slice(0, 30)
  return known.join(', ') || 'none'
}

/** Lists of tokens use `clusterId` and `clusterName`, centers `id` and `name`. */
function idOf(entry: Json): string | undefined {
  return readId(entry, 'clusterId') ?? readId(entry, 'id')
}

function nameOf(entry: Json): string | undefined {
  return readText(entry, 'clusterName') ?? readText(entry, 'name')
}
