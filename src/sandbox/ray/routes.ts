import { isRecord } from '../fields.ts'
import type { Call, EmulationContext, Operation, ProviderResponse } from '../provider.ts'
import { type Job, jobView, logsOf } from './job-view.ts'
import { hasEnded, lifeOf, snapshotAt, stopped } from './lifecycle.ts'
import { failedInAgent, invalidRequest, json, noSuchJob, serverError } from './responses.ts'
import { hasFileName, readRequest } from './rules.ts'
import { type JobData, type JobRequest, nodes, type RaySettings } from './wire.ts'

/** The Jobs API and the nodes of the dashboard. */
export function rayOperations({ world, settings }: EmulationContext<RaySettings>): Operation[] {
  const jobs = world.collection<JobData>('ray', 'job')

  const ofJob =
    (execute: (job: Job) => ProviderResponse) =>
    ({ params: { id = '' } }: Call): ProviderResponse => {
      const job = jobs.get(id)
      return job === undefined ? noSuchJob(id) : execute(job)
    }
  const subjects = ({ params, json: body }: Call) => [params.id, isRecord(body) ? body.submission_id : undefined]

  function submit(request: JobRequest): ProviderResponse {
    const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
    const id = request.submission_id ?? `raysubmit_${world.random.text(letters, 16)}`
    if (jobs.get(id) !== undefined) {
      const detail = `ValueError: Job with submission_id ${id} already exists. Please use a different submission_id.`
      return failedInAgent(400, detail)
    }
    const now = world.now()
    const isLifeless = settings.failsHalfway || !hasFileName(id)
    const timeline: Job['timeline'] = isLifeless ? [{ at: now, state: 'PENDING' }] : lifeOf(request, now, settings)
    const name = request.metadata?.job_name ?? id
    jobs.add({ id, name, owner: 'cluster', creation: request, data: { request, isLifeless }, timeline })
    if (!isLifeless) return json({ job_id: id, submission_id: id })
    return failedInAgent(500, `FileNotFoundError: [Errno 2] No such file or directory: 'job-driver-${id}.log'`)
  }

  function stop({ id, timeline, data }: Job): ProviderResponse {
    const isAlive = !data.isLifeless && !hasEnded(timeline, world.now())
    if (isAlive) jobs.change(id, { timeline: stopped(timeline, world.now(), settings) })
    return json({ stopped: isAlive })
  }

  function remove({ id, timeline }: Job): ProviderResponse {
    const { state } = snapshotAt(timeline, world.now())
    if (!hasEnded(timeline, world.now())) {
      const detail = `RuntimeError: Attempted to delete job '${id}', but it is in a non-terminal state ${state}.`
      return failedInAgent(500, detail)
    }
    jobs.remove(id)
    return json({ deleted: true })
  }

  return [
    {
      name: 'version',
      method: 'GET',
      path: '/api/version',
      handle: () => json({ version: '4', ray_version: '2.60.0', ray_commit: '', session_name: settings.sessionName }),
    },
    {
      name: 'jobs.submit',
      method: 'POST',
      path: '/api/jobs/',
      subjects,
      handle({ json: body }) {
        if (!isRecord(body)) return serverError
        const request = readRequest(body)
        return typeof request === 'string' ? invalidRequest(request) : submit(request)
      },
    },
    {
      name: 'jobs.list',
      method: 'GET',
      path: '/api/jobs/',
      isList: true,
      handle: ({ listing }) => json(jobs.listed(listing).map((job) => jobView(job, world.now()))),
    },
    {
      name: 'jobs.get',
      method: 'GET',
      path: '/api/jobs/:id',
      subjects,
      handle: ofJob((job) => json(jobView(job, world.now()))),
    },
    { name: 'jobs.delete', method: 'DELETE', path: '/api/jobs/:id', subjects, handle: ofJob(remove) },
    { name: 'jobs.stop', method: 'POST', path: '/api/jobs/:id/stop', subjects, handle: ofJob(stop) },
    {
      name: 'jobs.logs',
      method: 'GET',
      path: '/api/jobs/:id/logs',
      subjects,
      handle: ofJob((job) => json({ logs: logsOf(job, world.now()) })),
    },
    { name: 'nodes.list', method: 'GET', path: '/api/v0/nodes', isList: true, handle: () => json(nodeList()) },
  ]
}

function nodeList(): object {
  const shown = nodes.map(({ id, ip, isHead, resources }) => ({
    node_id: id,
    node_ip: ip,
    is_head_node: isHead,
    state: 'ALIVE',
    state_message: null,
    node_name: ip,
    resources_total: { [`node:${ip}`]: 1, ...resources },
    labels: { 'ray.io/node-id': id },
  }))
  const counts = { total: shown.length, num_after_truncation: shown.length, num_filtered: shown.length }
  return { result: true, msg: '', data: { result: { ...counts, result: shown, partial_failure_warning: '' } } }
}
