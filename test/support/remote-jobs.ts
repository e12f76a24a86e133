import { randomUUID } from 'node:crypto'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { jobExample as trainingExample } from '../sandbox/modelarts-client.ts'
import { jobExample, send as sendToScnet } from '../sandbox/scnet-client.ts'
import { schedulerId } from '../sandbox/scnet-sandbox.ts'
import { loginToScnet, postToModelarts } from './remote-environments.ts'
import { tokenOf } from './slurm-token.ts'

// Each function starts a job directly at the provider, without Switchyard, and returns its remote id.

/** A variable of each job, which no record may show. */
export const variable = { API_PASSCODE: 'value-that-no-record-shows' }
const variables = Object.entries(variable).map(([name, value]) => ({ name, value }))

async function send(url: string, headers: Record<string, string>, body: unknown) {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const response = await fetch(url, init)
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  return (await response.json()) as any
}

/** A Job of two pods without index and with a container of another name, as a CronJob creates it. */
export async function makeKubeJob({ urls, accounts }: Sandbox, script: string): Promise<string> {
  const containers = [{ name: 'worker', image: 'busybox', command: ['sh', '-c', script], env: variables }]
  const body = {
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `nightly-${randomUUID().slice(0, 8)}` } },
    spec: { completions: 2, parallelism: 2, template: { spec: { containers, restartPolicy: 'Never' } } },
  }
  const { namespace, token } = accounts.kubernetes
  const url = `${urls.kubernetes}/apis/batch/v1/namespaces/${namespace}/jobs`
  const { metadata } = await send(url, { authorization: `Bearer ${token}` }, body)
  return `${metadata.name}/${metadata.uid}`
}

export async function makeSlurmJob(
  { urls, accounts }: Pick<Sandbox<'slurm'>, 'urls' | 'accounts'>,
  script: string,
  user = accounts.slurm.user,
): Promise<string> {
  const job = { name: 'nightly', environment: { PATH: '/bin', ...variable }, current_working_directory: '/tmp' }
  const token = tokenOf({ key: accounts.slurm.key, user }, 600)
  const headers = { 'x-slurm-user-name': user, 'x-slurm-user-token': token }
  const body = { script: `#!/bin/sh\n${script}\n`, job }
  return String((await send(`${urls.slurm}/slurm/v0.0.38/job/submit`, headers, body)).job_id)
}

export async function makeRayJob({ urls, accounts }: Sandbox, script: string): Promise<string> {
  const id = `nightly.${randomUUID()}`
  const body = { entrypoint: script, submission_id: id, runtime_env: { env_vars: variable } }
  await send(`${urls.ray}/api/jobs/`, { authorization: `Bearer ${accounts.ray.token}` }, body)
  return id
}

export function makeTrainingJob(sandbox: Sandbox, script: string): Promise<string> {
  const example = trainingExample(`nightly-${randomUUID().slice(0, 8)}`, script)
  const algorithm = { ...example.algorithm, environments: variable }
  return postToModelarts(sandbox, 'training-jobs', { ...example, algorithm }, 'v2')
}

export async function makeHpcJob(sandbox: Sandbox, script: string): Promise<string> {
  const { clusterId } = sandbox.accounts.scnet
  const token = await loginToScnet(sandbox)
  const url = `${sandbox.urls.scnet}/regions/${clusterId}/hpc/openapi/v2/apptemplates/BASIC/BASE/job`
  const json = { strJobManagerID: String(schedulerId), mapAppJobInfo: { ...jobExample, GAP_CMD_FILE: script } }
  const reply = await sendToScnet('POST', url, { token, json })
  return String(reply.json.data)
}
