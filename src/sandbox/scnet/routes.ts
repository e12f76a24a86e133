import type { Call, EmulationContext, Operation } from '../provider.ts'
import type { Collection } from '../world.ts'
import { authEndpoints } from './auth.ts'
import { deleteContainers, executeScript, restartContainer, stopContainers } from './container-actions.ts'
import {
  type ContainerParts,
  createContainer,
  detailContainer,
  listByBody,
  listByQuery,
  urlOfContainer,
} from './containers.ts'
import { downloadFile } from './job-files.ts'
import { detailHistory, detailJob, listHistory, listJobs } from './job-reads.ts'
import { cancelJobs, type JobParts, submitJob } from './jobs.ts'
import { disabledRoute, limitsOfGroup, listClusters, listGroups, listQueues } from './resources.ts'
import { defineOperation, type Endpoint, type Gate } from './service.ts'
import type { ContainerData, JobData, ScnetAccount, ScnetSettings } from './wire.ts'

const isList = true as const
const instances = '/regions/:site/ai/openapi/v2/instance-service'
const hpc = '/regions/:site/hpc/openapi/v2'

/** Every emulated operation. */
export function scnetOperations(
  context: EmulationContext<ScnetSettings>,
  accounts: readonly ScnetAccount[],
  gate: Gate,
): Operation[] {
  const { world, settings } = context
  const containers = world.collection<ContainerData>('scnet', 'container')
  const jobs = world.collection<JobData>('scnet', 'job')
  const endpoints = [
    ...authEndpoints({ settings, accounts, gate, url: context.url }),
    ...containerEndpoints({ world, settings, gate, containers }),
    ...jobEndpoints({ world, settings, gate, jobs, nextJobId: makeJobIds(jobs) }),
  ]
  return endpoints.map((endpoint) => defineOperation(endpoint, settings))
}

function containerEndpoints(parts: ContainerParts): Endpoint[] {
  const { gate, settings } = parts
  const task = `${instances}/task`
  const takes = (...forms: ScnetSettings['listForm'][]) => [...forms, 'any'].includes(settings.listForm)
  const listAtTask = (call: Call) => {
    if (takes('taskQuery') && call.rawBody.length === 0) return listByQuery(parts, call)
    return takes('body', 'both') ? listByBody(parts, call) : disabledRoute(call)
  }
  return [
    { name: 'container.create', method: 'POST', path: task, execute: (call) => createContainer(parts, call) },
    { ...get('container.list', task, listAtTask), isList },
    {
      ...get('container.list', `${task}/list`, (call) =>
        takes('query', 'both') ? listByQuery(parts, call) : disabledRoute(call),
      ),
      isList,
    },
    { name: 'container.delete', method: 'DELETE', path: task, execute: (call) => deleteContainers(parts, call) },
    action('restart', (call) => restartContainer(parts, call)),
    action('stop', (call) => stopContainers(parts, call)),
    action('execute-script', (call) => executeScript(parts, call)),
    get('container.detail', `${instances}/:id/detail`, (call) => detailContainer(parts, call)),
    get('container.url', `${instances}/:id/url`, (call) => urlOfContainer(parts, call)),
    get('container.resources', `${instances}/resources`, (call) => limitsOfGroup(gate, call)),
    get('container.groups', `${instances}/resource-group`, (call) => listGroups(gate, call)),
  ]
}

function jobEndpoints(parts: JobParts): Endpoint[] {
  const { gate } = parts
  const path = `${hpc}/apptemplates/BASIC/BASE/job`
  return [
    get('hpc.clusters', `${hpc}/cluster`, (call) => listClusters(gate, call)),
    get('hpc.queues', `${hpc}/queuenames/users/:user`, (call) => listQueues(gate, call)),
    { name: 'job.submit', method: 'POST', path, execute: (call) => submitJob(parts, call) },
    { ...get('job.list', `${hpc}/jobs`, (call) => listJobs(parts, call)), isList },
    get('job.detail', `${hpc}/jobs/:jobId`, (call) => detailJob(parts, call)),
    { name: 'job.cancel', method: 'DELETE', path: `${hpc}/jobs`, execute: (call) => cancelJobs(parts, call) },
    { ...get('job.history', `${hpc}/historyjobs`, (call) => listHistory(parts, call)), isList },
    get('job.historyDetail', `${hpc}/historyjobs/:schedulerId/:jobId`, (call) => detailHistory(parts, call)),
    get('efile.download', '/regions/:site/efile/openapi/v2/file/download', (call) => downloadFile(parts, call)),
  ]
}

function get(name: string, path: string, execute: Endpoint['execute']): Endpoint {
  return { name, method: 'GET', path, execute }
}

function action(name: string, execute: Endpoint['execute']): Endpoint {
  return { name: `container.${name}`, method: 'POST', path: `${instances}/task/actions/${name}`, execute }
}

function makeJobIds(jobs: Collection<JobData>): () => string {
  let last = jobs.all().reduce((highest, { id }) => Math.max(highest, Number(id)), 40_000_000)
  return () => {
    last += 1
    return String(last)
  }
}
