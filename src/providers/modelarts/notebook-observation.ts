import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { tagOfName } from '../kit/correlation-tags.ts'
import { readFlag, readId, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { webLink } from '../kit/web-url.ts'
import type { Access, Observation } from '../observation.ts'
import { tagLength } from './instance-mapping.ts'
import { longestLeaseMs, shortestLeaseMs } from './notebook-mapping.ts'
import { payloadOf, type StartQuery } from './wire.ts'

/** The states of the reference's `status` (ListNotebooks). */
export const notebookStates: Readonly<Record<string, Status<'environment'>>> = {
  INIT: 'provisioning',
  CREATING: 'provisioning',
  CREATE_FAILED: 'failed',
  STARTING: 'starting',
  START_FAILED: 'failed',
  RUNNING: 'running',
  SNAPSHOTTING: 'running',
  STOPPING: 'stopping',
  STOPPED: 'stopped',
  FROZEN: 'blocked',
  ERROR: 'failed',
  DELETING: 'deleting',
  DELETE_FAILED: 'failed',
  DELETED: 'deleted',
}

const remarks: Readonly<Record<string, { reason?: Reason; message?: string }>> = {
  CREATE_FAILED: { reason: 'launch_failed' },
  START_FAILED: { reason: 'launch_failed' },
  SNAPSHOTTING: { reason: 'updating', message: 'The image is being saved.' },
  FROZEN: { reason: 'suspended', message: 'Frozen by ModelArts, as for an account in arrears.' },
  DELETE_FAILED: { message: 'ModelArts failed to delete the notebook.' },
}

/** One notebook from the list, the details or a create response. */
export function notebookSeen(notebook: Json, literals: readonly string[]): Observation<'environment'> | null {
  const remoteId = readId(notebook, 'id')
  if (remoteId === undefined) return null
  const rawState = readText(notebook, 'status') ?? '(none)'
  const status = (Object.hasOwn(notebookStates, rawState) ? notebookStates[rawState] : undefined) ?? null
  const name = readText(notebook, 'name')
  const remark = remarks[rawState]
  return {
    remoteId,
    status,
    rawState,
    ...given({
      reason: remark?.reason,
      message: (status === 'failed' ? readText(notebook, 'fail_reason') : undefined) ?? remark?.message,
      remoteName: name,
      correlationTag: name === undefined ? undefined : tagOfName(name, tagLength),
    }),
    payload: () => payloadOf(notebook, literals),
  }
}

/**
 * The auto-stop of an imported notebook, for its next start. `duration` counts from `create_at`, while a start or
 * extension sets `update_at` and adds to `duration`; the requested time is the part after `update_at`. Inferred from
 * the reference's examples of a start and a stop.
 */
export function leaseShown(notebook: Json): StartQuery {
  const lease = readObject(notebook, 'lease')
  const duration = readNumber(lease, 'duration') ?? -1
  if (readFlag(lease, 'enable') === false || duration <= 0) return { duration: -1 }
  const agedMs = (readNumber(lease, 'update_at') ?? 0) - (readNumber(lease, 'create_at') ?? 0)
  const requestedMs = agedMs > 0 && agedMs < duration ? duration - agedMs : duration
  const bounded = Math.min(Math.max(requestedMs, shortestLeaseMs), longestLeaseMs)
  return { duration: bounded, type: readText(lease, 'type')?.toLowerCase() === 'idle' ? 'IDLE' : 'TIMING' }
}

export function notebookAccess(notebook: Json): Access {
  const urls = webLink('jupyter', readText(notebook, 'url'))
  const ssh = readList(notebook, 'endpoints').find(
    (each) => (readText(each, 'service') ?? readText(each, 'dev_service')) === 'SSH',
  )
  return { urls, ...given({ ssh: sshOf(readText(ssh, 'uri')), token: readText(notebook, 'token') }) }
}

/** Neither part may begin with a hyphen, which `ssh` would parse as an option. */
const sshAddress = /^(?:ssh:\/\/)?(?:([A-Za-z0-9_][\w.-]*)@)?([A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?\/?$/

/** Parses `ssh://ma-user@host:30581` or a plain address. */
function sshOf(uri: string | undefined): Access['ssh'] | undefined {
  const [, user, host, port] = sshAddress.exec(uri ?? '') ?? []
  return host === undefined ? undefined : { host, port: Number(port ?? 22), ...given({ user }) }
}
