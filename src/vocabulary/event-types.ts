import { environmentTransitions } from './environment.ts'
import { jobTransitions } from './job.ts'
import type { Kind } from './kinds.ts'
import { statusesOf } from './transitions.ts'

/** Events of a workload besides status changes. */
const otherEvents: Readonly<Record<Kind, readonly string[]>> = {
  job: ['cancel_requested', 'updated', 'resolved', 'duplicate_detected', 'fields_ignored'],
  environment: [
    ...['start_requested', 'stop_requested', 'delete_requested', 'updated', 'resolved'],
    ...['duplicate_detected', 'fields_ignored'],
  ],
}

const namesOf: Readonly<Record<Kind, readonly string[]>> = {
  job: [...statusesOf(jobTransitions), ...otherEvents.job],
  environment: [...statusesOf(environmentTransitions), ...otherEvents.environment],
}

/** All event types of this version. */
export const eventTypes: ReadonlySet<string> = new Set(
  Object.entries(namesOf).flatMap(([kind, names]) => names.map((name) => `${kind}.${name}`)),
)
