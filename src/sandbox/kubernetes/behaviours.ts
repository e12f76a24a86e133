import { isRecord } from '../fields.ts'
import type { Timeline } from '../timeline.ts'
import { enteredAt } from '../timeline.ts'
import { jobLife, podSpecIn, scaled, setLife, suspendedLife, withDeadline } from './lifecycle.ts'
import type { ObjectRequest } from './requests.ts'
import { ingressSchema, jobSchema, serviceSchema, statefulSetSchema } from './schema.ts'
import { invalid } from './status.ts'
import { openStore, types } from './store.ts'
import { jobView, metadataView, type Stored, setView } from './views.ts'
import { cluster, type Fields, type KubernetesSettings } from './wire.ts'
import { apiVersionOf, type Behaviour, type Context } from './workloads.ts'

const queueLabel = 'kueue.x-k8s.io/queue-name'

export function makeBehaviours({ world, settings }: Context) {
  const jobs = openStore(world, types.jobs)
  const sets = openStore(world, types.statefulsets)
  return {
    jobs: {
      store: jobs,
      schema: jobSchema,
      begin: (request, now) => beginJob(request, now, settings),
      change: (job, next, now) => changeJob(job, next, { now, settings }),
      view: jobView,
    },
    statefulsets: {
      store: sets,
      schema: statefulSetSchema,
      begin(request, now) {
        assertSelected(request)
        return Number(request.spec.replicas ?? 1) > 0
          ? setLife(podSpecIn(request.spec), now, settings)
          : [{ at: now, state: 'Stopped' }]
      },
      change(set, { spec, metadata }, now) {
        assertSame({ ...types.statefulsets, name: metadata.name }, set.data.spec, spec, ['replicas', 'template'])
        return scaled(set.timeline, { replicas: Number(spec.replicas ?? 1), pod: podSpecIn(spec), now }, settings)
      },
      view: setView,
    },
    services: plain(world, types.services, serviceSchema, ({ metadata }) => {
      if (!/^[a-z]/.test(metadata.name)) {
        throw invalid(
          { ...types.services, name: metadata.name },
          'metadata.name',
          'a DNS-1035 label begins with a letter',
        )
      }
    }),
    ingresses: plain(world, types.ingresses, ingressSchema, () => {}),
  } satisfies Record<string, Behaviour>
}

/** A type whose objects have no lifecycle. */
function plain(
  world: Context['world'],
  type: (typeof types)[keyof typeof types],
  schema: Behaviour['schema'],
  check: (request: ObjectRequest) => void,
): Behaviour {
  return {
    store: openStore(world, type),
    schema,
    begin(request, now) {
      check(request)
      return [{ at: now, state: 'exists' }]
    },
    view: (object, namespace) => ({
      apiVersion: apiVersionOf(type.group),
      kind: type.kind,
      metadata: metadataView(object, namespace),
      spec: object.data.spec,
      status: { loadBalancer: {} },
    }),
  }
}

function beginJob({ metadata, spec }: ObjectRequest, now: number, settings: KubernetesSettings): Timeline {
  const pod = podSpecIn(spec)
  const named = { ...types.jobs, name: metadata.name }
  if (pod.restartPolicy !== 'Never' && pod.restartPolicy !== 'OnFailure') {
    throw invalid(named, 'spec.template.spec.restartPolicy', 'Required value: valid values: "OnFailure", "Never"')
  }
  if (spec.suspend !== true) return jobLife(pod, now, settings)
  const isQueued = settings.kueue && cluster.queues.some((name) => name === metadata.labels?.[queueLabel])
  return suspendedLife(pod, { now, isQueued }, settings)
}

function changeJob(
  job: Stored,
  { metadata, spec }: ObjectRequest,
  { now, settings }: { now: number; settings: KubernetesSettings },
): Timeline {
  const named = { ...types.jobs, name: metadata.name }
  assertSame(named, job.data.spec, spec, ['activeDeadlineSeconds', 'suspend', 'parallelism', 'ttlSecondsAfterFinished'])
  const seconds = spec.activeDeadlineSeconds
  if (typeof seconds !== 'number') return job.timeline
  const startedAt = enteredAt(job.timeline, 'Pending', now) ?? now
  return withDeadline(job.timeline, now, { at: startedAt + seconds * 1000, terminatingMs: settings.terminatingMs })
}

function assertSame(
  named: Parameters<typeof invalid>[0],
  before: Fields,
  after: Fields,
  mutable: readonly string[],
): void {
  const changed = Object.keys({ ...before, ...after }).find(
    (key) => !mutable.includes(key) && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  )
  if (changed !== undefined) throw invalid(named, `spec.${changed}`, 'field is immutable')
}

function assertSelected({ metadata, spec }: ObjectRequest): void {
  const { selector, template } = spec
  const expected = isRecord(selector) && isRecord(selector.matchLabels) ? selector.matchLabels : {}
  const labels = isRecord(template) && isRecord(template.metadata) ? template.metadata.labels : {}
  const isSelected = Object.entries(expected).every(([key, value]) => isRecord(labels) && labels[key] === value)
  if (isSelected && Object.keys(expected).length > 0) return
  const named = { ...types.statefulsets, name: metadata.name }
  throw invalid(named, 'spec.template.metadata.labels', '`selector` does not match template `labels`')
}
