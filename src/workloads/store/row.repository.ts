import { Prisma } from '../../infra/database.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { EngineState, Workload } from '../workload.ts'

/** Table column by property name. Every statement takes its columns from here. */
export const columns = {
  id: 'id',
  projectId: 'project_id',
  kind: 'kind',
  provider: 'provider',
  connectionId: 'connection_id',
  environmentId: 'environment_id',
  name: 'name',
  labels: 'labels',
  spec: 'spec',
  correlationTag: 'correlation_tag',
  imported: 'imported',
  keepRemote: 'keep_remote',
  held: 'held',
  desired: 'desired',
  generation: 'generation',
  specVersion: 'spec_version',
  cancelRequestedAt: 'cancel_requested_at',
  createdAt: 'created_at',
  version: 'version',
  seq: 'seq',
  leaseId: 'lease_id',
  active: 'active',
  statusChangedAt: 'status_changed_at',
  updatedAt: 'updated_at',
  status: 'status',
  reason: 'status_reason',
  message: 'status_message',
  observedGeneration: 'observed_generation',
  appliedSpecVersion: 'applied_spec_version',
  enforcing: 'enforcing',
  exclusivityKey: 'exclusivity_key',
  dueAt: 'due_at',
  nextAttemptAt: 'next_attempt_at',
  failures: 'failures',
  remoteId: 'remote_id',
  remoteName: 'remote_name',
  remoteIdentity: 'remote_identity',
  rawState: 'raw_state',
  remotePayload: 'remote_payload',
  observedAt: 'observed_at',
  missingSince: 'missing_since',
  lastActionAt: 'last_action_at',
  dispatchedAt: 'dispatched_at',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  exitCode: 'exit_code',
  signal: 'signal',
  error: 'error',
  tasks: 'tasks',
  result: 'result',
} as const satisfies Record<keyof Workload, string>

const aliased = (table: string) =>
  Object.entries(columns)
    .map(([domain, column]) => `${table}.${column} AS "${domain}"`)
    .join(', ')

/** `w.id AS "id", …` for statements that alias workloads as `w`. */
export const workloadColumns = Prisma.raw(aliased('w'))

/** The columns that decide whether and how a workload is canceled. Specs and payloads of many would fill the memory. */
export const controlColumns = Prisma.raw(
  (['id', 'connectionId', 'status', 'desired', 'generation', 'observedGeneration', 'createdAt'] as const)
    .map((key) => `w.${columns[key]} AS "${key}"`)
    .join(', '),
)

/** The only cast between a row and the domain: CHECK constraints hold statuses and kinds. */
export function toWorkload<K extends Kind = Kind>(row: WorkloadRecord): Workload<K> {
  return row as Workload<K>
}

/** A row as `$queryRaw` returns it with the aliased columns. */
export type WorkloadRecord = { readonly [column in keyof Workload]: unknown }

/** The engine's columns with their types, for `json_to_recordset`. */
const engineTypes = {
  status: 'text',
  reason: 'text',
  message: 'text',
  observedGeneration: 'int',
  appliedSpecVersion: 'int',
  enforcing: 'text',
  exclusivityKey: 'text',
  dueAt: 'timestamptz',
  nextAttemptAt: 'timestamptz',
  failures: 'int',
  remoteId: 'text',
  remoteName: 'text',
  remoteIdentity: 'text',
  rawState: 'text',
  remotePayload: 'jsonb',
  observedAt: 'timestamptz',
  missingSince: 'timestamptz',
  lastActionAt: 'timestamptz',
  dispatchedAt: 'timestamptz',
  startedAt: 'timestamptz',
  endedAt: 'timestamptz',
  exitCode: 'int',
  signal: 'int',
  error: 'jsonb',
  tasks: 'jsonb',
  result: 'jsonb',
} as const satisfies Record<keyof EngineState, string>

export const engineKeys = Object.keys(engineTypes) as (keyof EngineState)[]

/** `"status" text, …`: the engine's column definitions of a recordset. */
export const engineDefinitions = Prisma.raw(engineKeys.map((key) => `"${key}" ${engineTypes[key]}`).join(', '))

/** `status = i."status", …` for all columns that are set unconditionally; `due_at` has a separate rule. */
export const engineAssignments = Prisma.raw(
  engineKeys
    .filter((key) => key !== 'dueAt')
    .map((key) => `${columns[key]} = i."${key}"`)
    .join(', '),
)

export function engineStateOf<K extends Kind>(workload: Workload<K>): EngineState<K> {
  return Object.fromEntries(engineKeys.map((key) => [key, workload[key]])) as unknown as EngineState<K>
}
