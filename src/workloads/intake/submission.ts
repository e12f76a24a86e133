import type { SecretBox } from '../../secrets/secret-box.ts'
import type { Variables } from '../../secrets/secret-variables.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import type { WorkloadKinds } from '../kind.ts'
import type { ChangeNotifier, OpenConnection } from '../ports.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import type { Admission } from './admission.ts'

/** A validated request: its target, and the rest, which is the spec. */
export interface Submission<K extends Kind> {
  projectId: string
  by: Actor
  kind: K
  body: SubmissionBody<K>
  /** The `Idempotency-Key`, if sent. */
  key: string | null
}

export type SubmissionBody<K extends Kind> = Spec<K> & {
  connectionId?: string
  provider?: string
  environmentId?: string
  labels?: Readonly<Record<string, string>>
  /** Never part of the spec: sealed next to the record and opened for the call. */
  secretVariables?: Variables
}

/** Finds the connection of a request. Throws an ApiError if none or several match. */
export type ResolveConnection = (
  projectId: string,
  target: { connectionId?: string; provider?: string },
) => Promise<{ id: string; opened: OpenConnection }>

export interface SubmitDeps {
  kinds: WorkloadKinds
  reads: Pick<ReadsRepository, 'get' | 'byIds'>
  resolveConnection: ResolveConnection
  admission: Admission
  secretBox: Pick<SecretBox, 'seal' | 'digest'>
  notifier: ChangeNotifier
  /** Wakes the workers; never awaited, never fails. */
  hint(connectionId: string): void
  installationTag: string
  keyTtlHours: number
}

export interface Submitted<K extends Kind> {
  workload: Workload<K>
  isReplay: boolean
}
