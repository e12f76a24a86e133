import createClient from 'openapi-fetch'
import type { paths } from './sdk/schema.ts'

const target = JSON.parse(process.env.SDK_TARGET ?? '')
const headers = { authorization: `Bearer ${target.key}` }
const api = createClient<paths>({ baseUrl: target.url, headers })
const image = 'tensorflow:r2.3.1-py3'
const prefer = 'wait=10'

/** Returns the response body. Throws the problem of an error response. */
function dataOf<T>({ data, error }: { data?: T; error?: { detail: string } }): NonNullable<T> {
  if (error !== undefined) throw new Error(error.detail)
  if (data === undefined || data === null) throw new Error('no body')
  return data
}
const path = (id: string) => ({ params: { path: { id } } })
const waiting = (id: string) => ({ params: { path: { id }, header: { prefer } } })

const environment = dataOf(
  await api.POST('/environments', {
    body: { connectionId: target.dataforest, name: target.name, image, command: ['ls'] },
  }),
)
const running = dataOf(await api.GET('/environments/{id}', waiting(environment.id)))
const job = dataOf(
  await api.POST('/jobs', { body: { environmentId: running.id, name: 'second', image, script: 'true' } }),
)
const ended = dataOf(await api.GET('/jobs/{id}', waiting(job.id)))
const logs = dataOf(await api.GET('/jobs/{id}/logs', path(job.id)))

const pages: number[] = []
for (let cursor: string | undefined; ; ) {
  const query = { limit: 1, ...(cursor !== undefined && { cursor }) }
  const page = dataOf(await api.GET('/jobs', { params: { query } }))
  pages.push(page.data.length)
  cursor = page.nextCursor
  if (cursor === undefined) break
}

const failed = await api.POST('/jobs', { body: { connectionId: target.slurm, name: 'no', image, script: 'true' } })
const rejected = {
  status: failed.error?.status,
  code: failed.error?.code,
  pointer: failed.error?.errors[0]?.pointer,
}

dataOf(await api.PATCH('/jobs/{id}', { ...path(target.job), body: { labels: { stage: 'prod' } } }))
dataOf(await api.PATCH('/environments/{id}', { ...path(target.environment), body: { description: 'after' } }))
const settings = { scnet: { defaultQueue: 'kshcnormal' } }
dataOf(await api.PATCH('/connections/{id}', { ...path(target.connection), body: { settings } }))
dataOf(await api.PATCH('/projects/{id}', { ...path(target.project), body: { name: `${target.first}-after` } }))
dataOf(await api.PATCH('/webhook-endpoints/{id}', { ...path(target.webhook), body: { description: 'after' } }))

const later = createClient<paths>({ baseUrl: `${target.url}/later`, headers })
const { statusReason, actions } = dataOf(await later.GET('/jobs/{id}', path(target.job)))

dataOf(await api.DELETE('/environments/{id}', path(environment.id)))
const deleted = dataOf(await api.GET('/environments/{id}', waiting(environment.id)))

process.stdout.write(
  JSON.stringify({
    environment: [running.status, deleted.status],
    job: ended.status,
    hasLogs: logs.links.length > 0,
    ...{ pages, rejected, later: { statusReason, actions } },
  }),
)
