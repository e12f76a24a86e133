import type { EnvironmentStatus } from './environment.ts'
import type { JobStatus } from './job.ts'
import type { EnvironmentSpec, JobSpec } from './spec.ts'

/** Spec, statuses, desired states and actions of each kind of workload. */
export interface Kinds {
  job: { spec: JobSpec; status: JobStatus; desired: 'run' | 'cancel'; action: 'cancel' }
  environment: {
    spec: EnvironmentSpec
    status: EnvironmentStatus
    desired: 'run' | 'stop' | 'delete'
    action: 'start' | 'stop' | 'delete'
  }
}

export type Kind = keyof Kinds
export type Spec<K extends Kind = Kind> = Kinds[K]['spec']
export type Status<K extends Kind = Kind> = Kinds[K]['status']
/** Desired state, as last requested by the client. */
export type Desired<K extends Kind = Kind> = Kinds[K]['desired']
/** Actions that a client can request for an existing remote object. */
export type Action<K extends Kind = Kind> = Kinds[K]['action']

export const kinds: readonly Kind[] = ['job', 'environment']
