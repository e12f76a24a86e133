import type { Json } from '../../vocabulary/json.ts'
import { given } from '../kit/given.ts'
import type { OpenProvider, Provider } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { Session } from '../session.ts'
import { makeClient, type ScnetClient } from './client.ts'
import { makeContainerJobs } from './container-jobs.ts'
import { makeEnvironments } from './environments.ts'
import { detailsOf } from './errors.ts'
import { makeJobs } from './jobs.ts'
import { makeRegion, schedulerIds } from './region.ts'
import {
  credentialError,
  credentialsOf,
  type ScnetSettings,
  scnetCredentials,
  scnetSettings,
  settingsOf,
} from './settings.ts'
import { makeTokens } from './tokens.ts'

/** SCNet (Sugon's "AC" open API): container instances as environments, HPC jobs or containers as jobs. */
export const scnetProvider: Provider = {
  id: 'scnet',
  title: 'SCNet (Sugon AC)',
  documentation: 'https://www.scnet.cn/ac/openapi/doc/2.0/api/container/create.html',
  settings: scnetSettings,
  credentials: scnetCredentials,
  sample: {
    settings: {
      user: 'slurmtest',
      clusterId: '11112',
      aiUrl: 'https://api01.example.com:65106/ai',
      hpcUrl: 'https://api01.example.com:65106/hpc',
      efileUrl: 'https://api01.example.com:65106/efile',
      schedulerId: '1638523853',
      clusterUser: 'slurmtest',
      defaultWorkingDirectory: '/public/home/slurmtest',
    },
    credentials: {
      accessKey: '85f96a42b13f4d2c8b760d2775bbcca8',
      secretKey: 'exampleSecretKeyForUnitTestsOnly00000001',
    },
  },
  baseUrl: (settings) => settingsOf(settings).platformUrl,
  endpointSettings: ['clusterId', 'clusterName', 'loginUrl', 'platformUrl', 'aiUrl', 'hpcUrl', 'efileUrl'],
  endpoints(settings) {
    const { loginUrl, platformUrl, aiUrl, hpcUrl, efileUrl } = settingsOf(settings)
    return { loginUrl, platformUrl, ...given({ aiUrl, hpcUrl, efileUrl }) }
  },
  credentialError,
  scope(settings) {
    const { loginUrl, platformUrl, schedulerId, clusterUser, jobApi, ...region } = settingsOf(settings)
    // Without the portal user: users can be renamed, and the account's objects stay.
    return { loginUrl, platformUrl, jobApi, ...regionOf(region), ...given({ schedulerId, clusterUser }) }
  },
  /** Containers have UUIDs. */
  uniqueIds: (settings) => (settingsOf(settings).jobApi === 'container' ? ['job', 'environment'] : ['environment']),
  /** Batch job ids are numbered per region, which settings may identify by id or by name. */
  idSpace: (settings) => regionOf(settingsOf(settings)),
  open,
}

function regionOf({ clusterId, clusterName }: Pick<ScnetSettings, 'clusterId' | 'clusterName'>) {
  return given({ clusterId, clusterName })
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const credentials = credentialsOf(session.credentials)
  const literals = Object.values(credentials)
  const tokens = makeTokens({ http, clock, settings, credentials, literals })
  const region = makeRegion({ http, clock, tokens, settings, literals })
  const client = makeClient({ http, clock, tokens, region, literals })
  const isHpc = settings.jobApi === 'hpc'
  return {
    drivers: {
      job: isHpc ? makeJobs(client, settings, { clock, literals }) : makeContainerJobs(client, settings, literals),
      environment: makeEnvironments(client, settings, literals),
    },
    verify: (signal) => verify(client, settings, signal),
  }
}

/** Logs in and makes one read of each service in use. A region may have HPC and no container service. */
async function verify(client: ScnetClient, settings: ScnetSettings, signal: AbortSignal): Promise<void> {
  const isHpc = settings.jobApi === 'hpc'
  const groups = { method: 'GET', path: '/openapi/v2/instance-service/resource-group' } as const
  await client.call('ai', groups, signal).catch((error: unknown) => {
    if (isHpc && settings.aiUrl === undefined && error instanceof ProviderError && error.field === 'settings.aiUrl')
      return
    throw named(error, settings.aiUrl === undefined ? undefined : 'settings.aiUrl')
  })
  if (!isHpc) return
  try {
    const clusters = await client.call('hpc', { method: 'GET', path: '/openapi/v2/cluster' }, signal)
    if (settings.schedulerId === undefined) await client.region.schedulerId(signal)
    else assertListed(settings.schedulerId, clusters)
  } catch (error) {
    throw named(error, settings.hpcUrl === undefined ? undefined : 'settings.hpcUrl')
  }
  await client.region.clusterUser(signal)
}

function assertListed(schedulerId: string, clusters: Json): void {
  const ids = schedulerIds(clusters)
  if (ids.includes(schedulerId)) return
  const detail = `The region has no scheduler ${schedulerId}. SCNet lists: ${ids.join(', ') || 'none'}.`
  throw new ProviderError('permission_denied', detail, { field: 'settings.schedulerId' })
}

/** Adds the URL setting to the error if the response does not come from SCNet. */
function named(error: unknown, field: string | undefined): unknown {
  if (!(error instanceof ProviderError) || field === undefined) return error
  if (error.field !== undefined || error.providerCode !== undefined) return error
  return new ProviderError(error.code, error.message, { ...detailsOf(error), field, cause: error })
}
