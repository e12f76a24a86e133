import { randomUUID } from 'node:crypto'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { send as sendToAitems, serviceExample } from '../sandbox/aitems-sandbox.ts'
import { instanceExample, notebookExample, sdkAuthorization, sdkDate, send } from '../sandbox/modelarts-client.ts'
import { post as postToDataforest, workspaceExample } from '../sandbox/ncp-client.ts'
import { containerExample, send as sendToScnet, signLogin } from '../sandbox/scnet-client.ts'

// Each function creates an environment directly at the provider, without Switchyard, and returns its remote id.

export async function makeWorkspace({
  urls,
  accounts,
}: Pick<Sandbox<'dataforest'>, 'urls' | 'accounts'>): Promise<string> {
  const caller = { url: urls.dataforest, ...accounts.dataforest, now: Date.now }
  const name = `hand-${randomUUID().slice(0, 8)}`
  const { json } = await postToDataforest(caller, '/api/v2/aiworkspaces/create', { ...workspaceExample, name })
  return json.id
}

export async function makeService({ urls, accounts }: Sandbox): Promise<string> {
  const caller = { url: urls.aitems, ...accounts.aitems, now: Date.now }
  const { json } = await sendToAitems(caller, 'POST', '/api/v1/services', { body: serviceExample })
  return json.serviceId
}

export function makeInstance(sandbox: Sandbox, name = instanceExample.name): Promise<string> {
  return postToModelarts(sandbox, 'demanager/instances', { ...instanceExample, name, description: 'made by hand' })
}

export function makeNotebook(sandbox: Sandbox): Promise<string> {
  return postToModelarts(sandbox, 'notebooks', notebookExample)
}

export async function postToModelarts(
  { urls, accounts }: Sandbox,
  collection: string,
  example: object,
  version = 'v1',
): Promise<string> {
  const account = accounts.modelarts
  const headers = {
    'content-type': 'application/json',
    host: new URL(urls.modelarts).host,
    'X-Project-Id': account.projectId,
    'X-Sdk-Date': sdkDate(Date.now()),
  }
  const path = `/${version}/${account.projectId}/${collection}`
  const request = { method: 'POST', path, headers, body: JSON.stringify(example) }
  const authorization = sdkAuthorization(account, request)
  const { json } = await send(urls.modelarts, { ...request, headers: { ...headers, authorization } })
  return json.id ?? json.metadata.id
}

/** A token of the region in use. */
export async function loginToScnet({ urls, accounts }: Sandbox): Promise<string> {
  const { user, accessKey, clusterId } = accounts.scnet
  const timestamp = String(Math.floor(Date.now() / 1000))
  const headers = { user, accessKey, timestamp, signature: signLogin(accounts.scnet, timestamp) }
  const { json: login } = await sendToScnet('POST', `${urls.scnet}/api/user/v3/tokens`, { json: {}, headers })
  return login.data.find((each: { clusterId: unknown }) => String(each.clusterId) === clusterId).token
}

export async function makeContainer(sandbox: Sandbox): Promise<string> {
  const { clusterId } = sandbox.accounts.scnet
  const token = await loginToScnet(sandbox)
  const url = `${sandbox.urls.scnet}/regions/${clusterId}/ai/openapi/v2/instance-service/task`
  const { json } = await sendToScnet('POST', url, { token, json: containerExample })
  return json.data
}
