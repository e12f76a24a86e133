import type { JsonObject } from '../../vocabulary/json.ts'
import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { tagName } from '../kit/correlation-tags.ts'
import { nameLength, podAccepts, podErrors } from './fields.ts'
import { descriptionAnnotation, managedBy, queueLabel, tagLabel } from './objects.ts'
import { optionsOf } from './options.ts'
import { podSpecOf } from './pod-template.ts'
import type { KubernetesSettings } from './settings.ts'

/** A label with the name of the job, and the host names `name-9999` of its pods, have at most 63 characters. */
const maxJobName = 63 - '-9999'.length

export function jobAccepts(settings: KubernetesSettings): Accepts {
  const queue = { to: `metadata.labels['${queueLabel}']`, note: 'a LocalQueue of Kueue' }
  const { kueue, defaultQueue } = settings
  return {
    ...podAccepts(settings),
    name: {
      to: 'metadata.name',
      pattern: '^[a-z0-9][a-z0-9-]*$',
      maxLength: nameLength(maxJobName),
      note: 'lower-case letters, digits and hyphens, no hyphen first',
    },
    ...(kueue ? { queue: { ...queue, ...(defaultQueue === undefined ? {} : { default: defaultQueue }) } } : {}),
    'resources.nodes': { to: 'spec.completions', maximum: 9999, note: 'an indexed Job with one pod per node' },
    timeLimitSeconds: { to: 'spec.activeDeadlineSeconds', note: 'of the pod, counted from its start on a node' },
  }
}

export function jobErrors(spec: JobSpec, settings: KubernetesSettings): readonly SpecError[] {
  const { queuePriorityClass } = optionsOf(spec)
  const errors = podErrors(spec, settings)
  if (queuePriorityClass === undefined || spec.queue !== undefined) return errors
  const detail = 'A job without `queue` is not managed by Kueue. Send `queue`, or use `priorityClass`.'
  return [...errors, { pointer: '/providerOptions/kubernetes/queuePriorityClass', detail }]
}

export function jobNameOf({ spec, correlationTag }: Pick<Intent<'job'>, 'spec' | 'correlationTag'>): string {
  return tagName(spec.name, correlationTag)
}

/** The Job of an intent. It runs once: neither the Job nor the kubelet retries a failure. Pure. */
export function jobOf(
  intent: Pick<Intent<'job'>, 'spec' | 'correlationTag'>,
  settings: KubernetesSettings,
): JsonObject {
  const { spec, correlationTag } = intent
  const { queuePriorityClass } = optionsOf(spec)
  const labels = { ...managedBy, [tagLabel]: correlationTag }
  const queueLabels = {
    ...(spec.queue === undefined ? {} : { [queueLabel]: spec.queue }),
    ...(queuePriorityClass === undefined ? {} : { 'kueue.x-k8s.io/priority-class': queuePriorityClass }),
  }
  const deadline = spec.timeLimitSeconds === undefined ? {} : { activeDeadlineSeconds: spec.timeLimitSeconds }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobNameOf(intent), labels: { ...labels, ...queueLabels }, ...annotationsOf(spec.description) },
    spec: {
      // Kueue resumes it when it admits it.
      ...(spec.queue === undefined ? {} : { suspend: true }),
      ...completionsOf(spec.resources?.nodes ?? 1),
      backoffLimit: 0,
      ttlSecondsAfterFinished: settings.retentionSeconds,
      template: {
        metadata: { labels },
        spec: { restartPolicy: 'Never', ...deadline, ...podSpecOf(spec, settings) },
      },
    },
  }
}

export function annotationsOf(description: string | undefined): JsonObject {
  return description === undefined ? {} : { annotations: { [descriptionAnnotation]: description } }
}

/** With more than one node each pod has an index, which is part of its host name. */
function completionsOf(nodes: number): JsonObject {
  return nodes === 1 ? {} : { completionMode: 'Indexed', completions: nodes, parallelism: nodes }
}
