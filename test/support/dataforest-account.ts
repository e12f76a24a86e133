import type { ApiRecord } from '../../src/commands/api-client.ts'
import type { ObjectView } from '../../src/sandbox/control.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import type { ApiCaller } from './api-caller.ts'
import { endAfterFile } from './end-after-file.ts'

export type TestSandbox = Awaited<ReturnType<typeof startQuickSandbox>>

/** Starts a Data Forest sandbox with short delays. */
export function startQuickSandbox(options: Parameters<typeof startSandbox<'dataforest'>>[0] = {}) {
  return startSandbox({
    providers: ['dataforest'],
    settings: { dataforest: { acceptedMs: 60, runningMs: 60, killMs: 40 } },
    ...options,
  })
}

/** Separate connection of a test, so that faults and pauses do not affect other tests. */
export interface Account {
  connectionId: string
  /** Creates an environment and waits until it is `running`. */
  environment(): Promise<ApiRecord>
  /** Submits a job that runs `script`, or one that succeeds immediately. */
  job(environment: ApiRecord, script?: string, more?: object): Promise<ApiRecord>
  /** Remote objects of an environment's jobs, including finished ones. */
  apps(environment: ApiRecord): readonly ObjectView[]
  workspaces(): readonly ObjectView[]
}

let nameCount = 0
const image = 'tensorflow:r2.3.1-py3'
/** Unique name that is valid for a workspace. */
const uniqueName = (prefix: string): string => {
  nameCount += 1
  return `${prefix}-${nameCount}`
}

export const environmentRequest = (more: object = {}) => ({ name: uniqueName('ws'), image, command: ['ls'], ...more })
export const jobRequest = (more: object = {}) => ({ name: 'train', image, script: 'python train.py', ...more })

export async function openAccount(
  api: ApiCaller,
  { urls, accounts, objects }: Pick<TestSandbox, 'urls' | 'accounts' | 'objects'>,
  settings: object = {},
): Promise<Account> {
  const { accountId, accessKey, secretKey } = accounts.dataforest
  const connection = await api.ok('POST', '/connections', {
    name: uniqueName('connection'),
    settings: { dataforest: { baseUrl: urls.dataforest, accountId, ...settings } },
    credentials: { dataforest: { accessKey, secretKey } },
  })
  const connectionId = connection.id
  return {
    connectionId,
    async environment() {
      const accepted = await api.ok('POST', '/environments', environmentRequest({ connectionId }))
      return api.untilStatus(`/environments/${accepted.id}`, 'running', 'failed')
    },
    job: (environment, script, more = {}) =>
      api.ok(
        'POST',
        '/jobs',
        jobRequest({ environmentId: environment.id, ...(script === undefined ? {} : { script }), ...more }),
      ),
    apps: ({ remote }) =>
      objects('dataforest').filter(
        ({ kind, creation }) =>
          kind === 'aiapp' && (creation as { aiWorkspaceId: string }).aiWorkspaceId === remote?.id,
      ),
    workspaces: () => objects('dataforest').filter(({ kind }) => kind === 'aiworkspace'),
  }
}

/** `startQuickSandbox` for one test file. */
export async function useQuickSandbox(options?: Parameters<typeof startQuickSandbox>[0]): Promise<TestSandbox> {
  return endAfterFile(await startQuickSandbox(options), (sandbox) => sandbox.close())
}
