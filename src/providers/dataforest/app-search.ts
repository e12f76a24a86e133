import type { Json } from '../../vocabulary/json.ts'
import type { Intent } from '../intent.ts'
import { readText } from '../kit/fields.ts'
import { readTime } from '../kit/times.ts'
import type { Found } from '../observation.ts'
import { appListed } from './app-observation.ts'
import type { DataforestClient } from './client.ts'
import { isNoSuchElement } from './errors.ts'
import { namePrefixOf, pinnedPrefixOf } from './mapping.ts'

/** Maximum clock difference: the tolerance of the signature. */
const clockToleranceMs = 300_000

/** A client's prefix does not identify an app: workspace and start time narrow it down, and every match is returned. */
export function findApps(
  apps: readonly Json[],
  scan: { intent: Intent<'job'>; workspace: string | null; isComplete: boolean; literals: readonly string[] },
): Found<'job'> {
  const { intent, workspace } = scan
  const earliestMs = intent.firstSentAt.getTime() - clockToleranceMs
  const isOurs = (app: Json) => {
    if (!readText(app, 'name')?.startsWith(`${namePrefixOf(intent)}-`)) return false
    if (workspace === null) return true
    const startedAt = readTime(app, 'startedAt')
    return (
      readText(app, 'workspaceName') === workspace && (startedAt === undefined || startedAt.getTime() >= earliestMs)
    )
  }
  const ours = apps.filter(isOurs)
  const found = ours.flatMap((app) => appListed(app, scan.literals) ?? [])
  const isConclusive = ours.length === found.length && apps.every((app) => showsIdentity(app, workspace !== null))
  if (found.length > 0) return { found, isComplete: scan.isComplete && isConclusive }
  if (!scan.isComplete) return { inconclusive: 'aiapps/getList shows fewer apps than its total' }
  return isConclusive ? { absent: true } : { inconclusive: 'aiapps/getList shows an app without its name or workspace' }
}

/** Whether a listed app shows which job it belongs to. */
function showsIdentity(app: Json, isByWorkspace: boolean): boolean {
  const shows = (key: string) => readText(app, key) !== undefined
  return shows('name') && (!isByWorkspace || shows('workspaceName'))
}

/**
 * The list shows only the workspace's name. Null if it is not needed because the correlation tag identifies the app.
 */
export async function workspaceNameOf(
  client: DataforestClient,
  { spec, environmentRemoteId }: Intent<'job'>,
  signal: AbortSignal,
): Promise<string | null | 'gone'> {
  if (pinnedPrefixOf(spec) === undefined || environmentRemoteId === null) return null
  try {
    const workspace = await client.call('aiworkspaces/getDetail', { id: environmentRemoteId }, signal)
    return readText(workspace, 'name') ?? null
  } catch (error) {
    if (isNoSuchElement(error)) return 'gone'
    throw error
  }
}
