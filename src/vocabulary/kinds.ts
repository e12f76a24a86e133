import type { EnvironmentStatus } from './environment.ts'
import type { JobStatus } from './job.ts'
import type { EnvironmentSpec, JobSpec } from './spec.ts'

/** The one place where a kind's spec, statuses, wishes and verbs meet. */
export interface Kinds {
  job: { spec: JobSpec; status: JobStatus; desired: 'run' | 'cancel'; verb: 'cancel' }
  environment: {
    spec: EnvironmentSpec
    status: EnvironmentStatus
    desired: 'run' | 'stop' | 'delete'
    verb: 'start' | 'stop' | 'delete'
  }
}

export type Kind = keyof Kinds
export type Spec<K extends Kind = Kind> = Kinds[K]['spec']
export type Status<K extends Kind = Kind> = Kinds[K]['status']
/** What the client wants now. */
export type Desired<K extends Kind = Kind> = Kinds[K]['desired']
/** What a client can ask a provider to do to an object that exists. */
export type Verb<K extends Kind = Kind> = Kinds[K]['verb']

export const kinds: readonly Kind[] = ['job', 'environment']
