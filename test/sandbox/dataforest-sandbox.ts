import { startSandbox } from '../../src/sandbox/server.ts'
import { appExample, type NcpCaller, post, type Reply, workspaceExample } from './ncp-client.ts'

type Options = Parameters<typeof startSandbox<'dataforest'>>[0]

/** A sandbox of Data Forest only, with an adjustable clock and an authorized caller. */
export async function startDataforest(options: Options = {}) {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const clock = { now: () => time.ms }
  const sandbox = await startSandbox({ providers: ['dataforest'], clock, ...options })
  const caller: NcpCaller = { url: sandbox.urls.dataforest, ...sandbox.accounts.dataforest, now: clock.now }
  const call = (operation: string, body: unknown, headers?: Record<string, string>): Promise<Reply> =>
    post(caller, `/api/v2/${operation}`, body, headers)
  return {
    sandbox,
    caller,
    time,
    call,
    createWorkspace: async (name = 'api-test') =>
      (await call('aiworkspaces/create', { ...workspaceExample, name })).json.id as string,
    submit: async (workspaceId: string, command?: string) =>
      (await call('aiapps/submit', appExample(workspaceId, command))).json.id as string,
    detail: async (id: string) => (await call('aiapps/getDetail', { id })).json,
    appIds: async (): Promise<string[]> => {
      const { json } = await call('aiapps/getList', { search: { accountId: sandbox.accounts.dataforest.accountId } })
      return json.contents.map(({ id }: { id: string }) => id)
    },
  }
}
