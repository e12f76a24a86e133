import type { Call, ProviderResponse } from '../provider.ts'
import type { World, WorldObject } from '../world.ts'
import { flavorOf } from './catalog.ts'
import { isDescending } from './environment-states.ts'
import { scriptOf, tasksOf } from './job-view.ts'
import { exitCodeOf, jobTimes } from './lifecycle.ts'
import { invalidParam } from './rules.ts'
import { countIn, type Definition, ok, type ProjectObjects } from './service.ts'
import type { JobData, ModelartsAccount } from './wire.ts'

interface ReportParts {
  world: World
  objects: ProjectObjects<JobData>
}

type Job = WorldObject<JobData>

/** Reports about a job: its tasks, its events and the load of a task. */
export function reportOperations(parts: ReportParts, itemPath: string): Definition[] {
  const read = (
    name: string,
    path: string,
    execute: (parts: ReportParts, job: Job, call: Call) => ProviderResponse,
  ): Definition => ({
    name,
    method: 'GET',
    path: itemPath + path,
    execute: (caller: ModelartsAccount, call: Call) =>
      execute(parts, parts.objects.find(caller, call.params.jobId), call),
  })
  return [
    read('jobs.tasks', '/tasks', tasks),
    read('jobs.events', '/events', events),
    read('jobs.metrics', '/metrics/:taskId', metrics),
  ]
}

/** A plain list, empty before anything is scheduled. From the SDK: TaskHistory. */
function tasks({ world }: ReportParts, { data, timeline }: Job): ProviderResponse {
  if (jobTimes(timeline, world.now()).startedAt === null) return ok([])
  const shown = tasksOf(data.request).map((task, index) => {
    const last = index + 2
    return { task, ip: `172.16.0.${last}`, host_ip: `192.168.0.${last}`, schedule_count: 1 }
  })
  return ok(shown)
}

/** Newest first by default; `offset` counts records. */
function events({ world }: ReportParts, job: Job, call: Call): ProviderResponse {
  const { query } = call
  const [from, to] = [query.get('start_time') ?? '', query.get('end_time') ?? '']
  if ((from === '') !== (to === '')) throw invalidParam(from === '' ? 'start_time' : 'end_time')
  const offset = countIn(call, 'offset', { min: 0, fallback: 0, rejection: invalidParam('offset') })
  const limit = countIn(call, 'limit', { min: 1, fallback: 50, rejection: invalidParam('limit') })
  if (limit > 100) throw invalidParam('limit')
  const isNewestFirst = isDescending(query.get('order'), 'desc', 'order')
  const matches = (name: 'level' | 'source') => (event: JobEvent) => [null, '', event[name]].includes(query.get(name))
  const found = eventsOf(job, world.now())
    .filter(({ at }) => from === '' || (at >= Number(from) && at <= Number(to)))
    .filter(matches('level'))
    .filter(matches('source'))
    .filter(({ message }) => message.includes(query.get('pattern') ?? ''))
  const page = (isNewestFirst ? found.toReversed() : found).slice(offset, offset + limit)
  return ok({
    total: found.length,
    limit,
    offset,
    order: isNewestFirst ? 'desc' : 'asc',
    start_time: from === '' ? '' : zonedTime(Number(from)),
    end_time: to === '' ? '' : zonedTime(Number(to)),
    events: page.map(({ at, ...event }) => ({ time: zonedTime(at), ...event })),
  })
}

interface JobEvent {
  at: number
  level: 'Info' | 'Error' | 'Warning'
  message: string
  source: 'K8S' | 'Job' | 'Task'
}

const messages: Readonly<Record<string, string>> = {
  Running: 'Training job is running.',
  Completed: 'Training job completed.',
  Failed: 'Training job failed.',
}

/** The messages follow the documented sample as far as it goes. */
function eventsOf(job: Job, now: number): JobEvent[] {
  return job.timeline
    .filter(({ at }) => at <= now)
    .flatMap(({ at, state }) => {
      const level = state === 'Failed' || state === 'Abnormal' ? 'Error' : 'Info'
      const message = messages[state] ?? `Training job ${state.toLowerCase()}.`
      const own: JobEvent = { at, level, message, source: 'Job' }
      // A job runs before its tasks and ends after them.
      return state === 'Running' ? [own, ...taskEvents(job, own)] : [...taskEvents(job, own), own]
    })
}

function taskEvents({ data, timeline }: Job, { at, message }: JobEvent): JobEvent[] {
  const { startedAt, endedAt } = jobTimes(timeline, at)
  if (startedAt === null || (at !== startedAt && at !== endedAt)) return []
  const code = message === messages.Completed ? 0 : exitCodeOf(scriptOf(data.request)) || 1
  const did = at === startedAt ? 'training started.' : `Training finished. Exit code ${code}.`
  return tasksOf(data.request).map((task) => ({ at, level: 'Info', message: `[${task}] ${did}`, source: 'Task' }))
}

/** A time in the zone of the sample. */
function zonedTime(at: number): string {
  return `${new Date(at + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`
}

const minuteMs = 60_000
const most = 1440

/**
 * One average per minute, -1 if there is none. ModelArts.2777 before the job runs: HTTP 204, which has no body for the
 * code.
 */
function metrics({ world }: ReportParts, { data, timeline }: Job, { params }: Call): ProviderResponse {
  if (!tasksOf(data.request).includes(params.taskId ?? '')) throw invalidParam('task_id')
  const { startedAt, endedAt } = jobTimes(timeline, world.now())
  if (startedAt === null) return { status: 204, body: undefined }
  const minutes = Math.min(Math.ceil(((endedAt ?? world.now()) - startedAt) / minuteMs) || 1, most)
  const { type } = flavorOf(data.request.spec?.resource?.flavor_id ?? '')
  const busy = (isThere: boolean, value: number) => Array.from({ length: minutes }, () => (isThere ? value : -1))
  return ok({
    metrics: [
      { metric: 'cpuUsage', value: busy(true, 12.5) },
      { metric: 'memUsage', value: busy(true, 4.25) },
      { metric: 'gpuUtil', value: busy(type === 'GPU', 87.5) },
      { metric: 'gpuMemUsage', value: busy(type === 'GPU', 50) },
      { metric: 'npuUtil', value: busy(type === 'Ascend', 87.5) },
      { metric: 'npuMemUsage', value: busy(type === 'Ascend', 50) },
    ],
  })
}
