import { client } from './sdk/client.gen'
import * as sdk from './sdk/index'

const target = JSON.parse(process.env.SDK_TARGET ?? '')
client.setConfig({ baseUrl: target.url, auth: target.key })
const image = 'tensorflow:r2.3.1-py3'
const headers = { prefer: 'wait=10' }
const path = (id: string) => ({ path: { id }, throwOnError: true }) as const

const { data: environment } = await sdk.createEnvironment({
  body: { connectionId: target.dataforest, name: target.name, image, command: ['ls'] },
  throwOnError: true,
})
const { data: running } = await sdk.getEnvironment({ ...path(environment.id), headers })
const { data: job } = await sdk.submitJob({
  body: { environmentId: running.id, name: 'second', image, script: 'true' },
  throwOnError: true,
})
const { data: ended } = await sdk.getJob({ ...path(job.id), headers })
const { data: logs } = await sdk.getJobLogs(path(job.id))

const pages: number[] = []
for (let cursor: string | undefined; ; ) {
  const query: { limit: number; cursor?: string } = { limit: 1, ...(cursor !== undefined && { cursor }) }
  const { data: page } = await sdk.listJobs({ query, throwOnError: true })
  pages.push(page.data.length)
  cursor = page.nextCursor
  if (cursor === undefined) break
}

const { error } = await sdk.submitJob({
  body: { connectionId: target.slurm, name: 'no', image, script: 'true' },
})
const rejected = { status: error?.status, code: error?.code, pointer: error?.errors[0]?.pointer }

await sdk.updateJob({ ...path(target.job), body: { labels: { stage: 'prod' } } })
await sdk.updateEnvironment({ ...path(target.environment), body: { description: 'after' } })
const settings = { scnet: { defaultQueue: 'kshcnormal' } }
await sdk.updateConnection({ ...path(target.connection), body: { settings } })
await sdk.updateProject({ ...path(target.project), body: { name: `${target.first}-after` } })
await sdk.updateWebhookEndpoint({ ...path(target.webhook), body: { description: 'after' } })

const { data: later } = await sdk.getJob({ ...path(target.job), baseUrl: `${target.url}/later` })

await sdk.deleteEnvironment(path(environment.id))
const { data: deleted } = await sdk.getEnvironment({ ...path(environment.id), headers })

process.stdout.write(
  JSON.stringify({
    environment: [running.status, deleted.status],
    job: ended.status,
    hasLogs: logs.links.length > 0,
    ...{ pages, rejected, later: { statusReason: later.statusReason, actions: later.actions } },
  }),
)
