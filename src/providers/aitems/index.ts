import type { OpenProvider, Provider } from '../provider.ts'
import type { Session } from '../session.ts'
import { makeClient } from './client.ts'
import { makeEnvironments } from './environments.ts'
import { makeJobs } from './jobs.ts'
import { aitemsCredentials, aitemsSettings, keysOf, settingsOf } from './settings.ts'
import { makeSigner } from './signer.ts'

/** AiTEMS (NAVER Cloud Platform): recommendation services as environments, their trainings as jobs. */
export const aitemsProvider: Provider = {
  id: 'aitems',
  title: 'NAVER Cloud AiTEMS',
  documentation: 'https://api.ncloud-docs.com/docs/aitems-overview',
  settings: aitemsSettings,
  credentials: aitemsCredentials,
  sample: {
    settings: { baseUrl: 'https://aitems.apigw.ntruss.com', timezoneOffset: '+09:00' },
    credentials: { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['baseUrl'],
  endpoints: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
  scope: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
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
    /** Lists one service, which requires valid keys, a subscription and a correct clock. */
    verify: async (signal) => {
      await client.read('/services?offset=0&limit=1', signal)
    },
  }
}
