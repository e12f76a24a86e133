import { startSandbox } from '../../src/sandbox/server.ts'
import { containerExample, jobExample, type ScnetReply, send, signLogin } from './scnet-client.ts'

/** The scheduler of the region in the tests. */
export const schedulerId = 1638523853

/** A sandbox of SCNet only, with an adjustable clock and a user with a token for its first region. */
export async function startScnet() {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const sandbox = await startSandbox({ providers: ['scnet'], clock: { now: () => time.ms } })
  const account = sandbox.accounts.scnet
  const url = sandbox.urls.scnet
  const login = (keys = account, changes: Record<string, string> = {}): Promise<ScnetReply> => {
    const timestamp = String(Math.floor(time.ms / 1000))
    const { user, accessKey } = keys
    const headers = { user, accessKey, timestamp, signature: signLogin(keys, timestamp), ...changes }
    return send('POST', `${url}/api/user/v3/tokens`, { json: {}, headers })
  }
  const tokens = async (keys = account): Promise<Record<string, string>> => {
    const { json } = await login(keys)
    return Object.fromEntries(
      json.data.map(({ clusterId, token }: { clusterId: string; token: string }) => [clusterId, token]),
    )
  }
  const regionTokens = await tokens()
  const session = { token: regionTokens['11112'] ?? '', base: `${url}/regions/11112` }
  const call = (method: string, path: string, message: Parameters<typeof send>[2] = {}) =>
    send(method, session.base + path, { token: session.token, ...message })
  const task = '/ai/openapi/v2/instance-service/task'
  return {
    sandbox,
    settings: sandbox.settings.scnet,
    account,
    url,
    time,
    login,
    tokens,
    session,
    call,
    create: (changes: object = {}) => call('POST', task, { json: { ...containerExample, ...changes } }),
    container: async (id: string) => (await call('GET', `/ai/openapi/v2/instance-service/${id}/detail`)).json.data,
    list: (filter: object = {}) => call('GET', task, { json: { start: 0, limit: 10, sort: 'desc', ...filter } }),
    submit: (changes: object = {}, strJobManagerID: unknown = schedulerId) =>
      call('POST', '/hpc/openapi/v2/apptemplates/BASIC/BASE/job', {
        json: { strJobManagerID, mapAppJobInfo: { ...jobExample, ...changes } },
      }),
    job: async (id: string) => (await call('GET', `/hpc/openapi/v2/jobs/${id}`)).json.data,
    past: async (id: string) => (await call('GET', `/hpc/openapi/v2/historyjobs/${schedulerId}/${id}`)).json.data,
    file: (path: string) => call('GET', `/efile/openapi/v2/file/download?path=${encodeURIComponent(path)}`),
    cancel: (map: string) =>
      call('DELETE', '/hpc/openapi/v2/jobs', {
        raw: {
          type: 'application/x-www-form-urlencoded',
          body: new URLSearchParams({ jobMethod: '5', strJobInfoMap: map }).toString(),
        },
      }),
  }
}
