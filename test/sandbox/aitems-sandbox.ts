import { request } from 'undici'
import { startSandbox } from '../../src/sandbox/server.ts'
import { type NcpCaller, type Reply, sign } from './ncp-client.ts'

type Options = Parameters<typeof startSandbox<'aitems'>>[0]
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** The documented example of a new service. */
export const serviceExample = { name: 'service', description: 'test', type: 'batch' }

/** A request for one type of training with default options. */
export const trainExample = { types: ['personalRecommend'], description: 'first', hpConfig: { is_enabled: false } }

/** A new dataset with a file that the sandbox accepts. */
export const datasetExample = {
  type: 'user',
  name: 'users',
  description: 'everyone',
  schemaName: 'ready-user',
  osInfo: { region: 'KR', bucket: 'bucket', key: 'users.csv.gz' },
}

/** Signs and sends a request. `headers` replace the signed ones; '' removes one. */
export async function send(
  caller: NcpCaller,
  method: Method,
  target: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const timestamp = String(caller.now())
  const signedHeaders = {
    'content-type': 'application/json',
    'x-ncp-apigw-timestamp': timestamp,
    'x-ncp-iam-access-key': caller.accessKey,
    'x-ncp-apigw-signature-v2': sign(caller, { method, target, timestamp }),
  }
  const reply = await request(caller.url + target, {
    method,
    headers: Object.fromEntries(Object.entries({ ...signedHeaders, ...headers }).filter(([, value]) => value !== '')),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await reply.body.text()
  return { status: reply.statusCode, type: String(reply.headers['content-type']), text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A sandbox of AiTEMS only, with an adjustable clock and an authorized caller. */
export async function startAitems(options: Options = {}) {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const clock = { now: () => time.ms }
  const sandbox = await startSandbox({ providers: ['aitems'], clock, ...options })
  const account = sandbox.accounts.aitems
  const caller: NcpCaller = { url: sandbox.urls.aitems, ...account, now: clock.now }
  const [otherAccount] = sandbox.otherAccounts.aitems
  const other: NcpCaller = { url: sandbox.urls.aitems, accessKey: '', secretKey: '', ...otherAccount, now: clock.now }
  const call = (method: Method, path: string, body?: unknown) => send(caller, method, `/api/v1${path}`, { body })
  const readyIds = [account.userDatasetId, account.itemDatasetId, account.interactionDatasetId]
  const createService = async (body: object = serviceExample): Promise<string> =>
    (await call('POST', '/services', body)).json.serviceId
  const bind = (id: string, datasetIds = readyIds) => call('POST', `/services/${id}/datasets`, { datasetIds })
  return {
    sandbox,
    settings: sandbox.settings.aitems,
    account,
    caller,
    other,
    time,
    call,
    readyIds,
    createService: createService,
    bind,
    createLearnable: async (body?: object) => {
      const id = await createService(body)
      await bind(id)
      return id
    },
    train: (id: string, body: object = {}) => call('POST', `/services/${id}`, { ...trainExample, ...body }),
    service: async (id: string) => (await call('GET', `/services/${id}`)).json,
    trains: async (id: string, query = '') => (await call('GET', `/services/${id}/trains${query}`)).json.trains,
  }
}
