import * as sdk from './sdk/index'

const target = JSON.parse(process.env.SDK_TARGET ?? '')
const configure = (basePath: string) =>
  new sdk.Configuration({ basePath, accessToken: () => Promise.resolve(target.key) })
const configuration = configure(target.url)
const jobs = new sdk.JobsApi(configuration)
const environments = new sdk.EnvironmentsApi(configuration)
const image = 'tensorflow:r2.3.1-py3'
const prefer = 'wait=10'

const environment = await environments.createEnvironment({
  environmentRequest: { connectionId: target.dataforest, name: target.name, image, command: ['ls'] },
})
const running = await environments.getEnvironment({ id: environment.id, prefer })
const job = await jobs.submitJob({
  jobRequest: { environmentId: running.id, name: 'second', image, script: 'true' },
})
const ended = await jobs.getJob({ id: job.id, prefer })
const logs = await jobs.getJobLogs({ id: job.id })

const pages: number[] = []
for (let cursor: string | undefined; ; ) {
  const page = await jobs.listJobs({ limit: 1, ...(cursor !== undefined && { cursor }) })
  pages.push(page.data.length)
  cursor = page.nextCursor
  if (cursor === undefined) break
}

const problem = await jobs
  .submitJob({ jobRequest: { connectionId: target.slurm, name: 'no', image, script: 'true' } })
  .then(() => null)
  .catch(async (error: unknown) => {
    if (error instanceof sdk.ResponseError) return sdk.ProblemFromJSON(await error.response.json())
    throw error
  })
const rejected = { status: problem?.status, code: problem?.code, pointer: problem?.errors[0]?.pointer }

await jobs.updateJob({ id: target.job, jobPatch: { labels: { stage: 'prod' } } })
await environments.updateEnvironment({ id: target.environment, environmentPatch: { description: 'after' } })
await new sdk.ConnectionsApi(configuration).updateConnection({
  id: target.connection,
  connectionPatch: { settings: { scnet: { defaultQueue: 'kshcnormal' } } },
})
const projectPatch = { name: `${target.first}-after` }
await new sdk.AdministrationApi(configuration).updateProject({ id: target.project, projectPatch })
const webhookEndpointPatch = { description: 'after' }
await new sdk.WebhooksApi(configuration).updateWebhookEndpoint({ id: target.webhook, webhookEndpointPatch })

const later = await new sdk.JobsApi(configure(`${target.url}/later`)).getJob({ id: target.job })

await environments.deleteEnvironment({ id: environment.id })
const deleted = await environments.getEnvironment({ id: environment.id, prefer })

process.stdout.write(
  JSON.stringify({
    environment: [running.status, deleted.status],
    job: ended.status,
    hasLogs: logs.links.length > 0,
    ...{ pages, rejected, later: { statusReason: later.statusReason, actions: later.actions } },
  }),
)
