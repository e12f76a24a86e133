import type { JsonObject } from '../../vocabulary/json.ts'
import { readFlag, readId, readList } from '../kit/fields.ts'
import type { OpenProvider, Provider } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { Session } from '../session.ts'
import { type DataforestClient, makeClient } from './client.ts'
import { makeEnvironments } from './environments.ts'
import { makeJobs } from './jobs.ts'
import { dataforestCredentials, dataforestSettings, keysOf, settingsOf } from './settings.ts'
import { makeSigner } from './signer.ts'

/** Data Forest (NAVER Cloud Platform): AI workspaces as environments, AI apps as jobs. */
export const dataforestProvider: Provider = {
  id: 'dataforest',
  title: 'NAVER Cloud Data Forest',
  documentation: 'https://api.ncloud-docs.com/docs/analytics-dataforest',
  settings: dataforestSettings,
  credentials: dataforestCredentials,
  sample: {
    settings: {
      accountId: '6COytUeFj7b8eOhq2L5zL',
      baseUrl: 'https://df.apigw.ntruss.com',
      defaultQueue: 'gpu',
    },
    credentials: { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['baseUrl'],
  endpoints: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
  scope: (settings) => {
    const { accountId, baseUrl } = settingsOf(settings)
    return { accountId, baseUrl }
  },
  /** Every id is a UUID in Base62. */
  uniqueIds: () => ['job', 'environment'],
  open,
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const keys = keysOf(session.credentials)
  const literals = [keys.secretKey, keys.accessKey]
  const client = makeClient({ http, clock, sign: makeSigner(keys, clock), baseUrl: settings.baseUrl, literals })
  return {
    drivers: {
      job: makeJobs(client, settings, literals),
      environment: makeEnvironments(client, settings, literals),
    },
    verify: (signal) => verify(client, settings.accountId, signal),
  }
}

/**
 * Lists the accounts, which requires valid keys, a subscription and a correct clock, and shows whether the account
 * exists.
 */
async function verify(client: DataforestClient, accountId: string, signal: AbortSignal): Promise<void> {
  const response: JsonObject = await client.call('accounts/getList', {}, signal)
  const account = readList(response, 'contents').find((each) => readId(each, 'id') === accountId)
  const field = 'settings.accountId'
  if (account === undefined) {
    const detail = `The keys are valid, but they cannot access a Data Forest account with id ${accountId}.`
    throw new ProviderError('not_found', detail, { field })
  }
  if (readFlag(account, 'disabled') === true) {
    throw new ProviderError('permission_denied', `The Data Forest account ${accountId} is disabled.`, { field })
  }
}
