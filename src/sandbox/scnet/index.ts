import type { SandboxProvider } from '../provider.ts'
import { client } from './client.ts'
import { failureResponse } from './envelope.ts'
import { endedStates } from './lifecycle.ts'
import { scnetOperations } from './routes.ts'
import { makeGate } from './service.ts'
import type { ScnetAccount, ScnetSettings } from './wire.ts'

const accounts = [
  {
    user: 'sandbox',
    accessKey: '85f96a42b13f4d2c8b760d2775bbcca8',
    secretKey: 'sandbox-scnet-secret-key-of-the-first-user',
    password: 'sandbox-scnet-password-1',
    orgId: '6048ce7ba15c2af2e8cec12991ec13cf',
    userId: '11655048541',
    clusterId: '11112',
    clusterUser: 'acsandbox01',
  },
  {
    user: 'other',
    accessKey: '0f1c8d5a7e9b4c36a2d4e6f8091b3c5d',
    secretKey: 'sandbox-scnet-secret-key-of-the-other-user',
    password: 'sandbox-scnet-password-2',
    orgId: '7159df8cb26d3b03f9dfd2300aafd24e',
    userId: '11655048542',
    clusterId: '11112',
    clusterUser: 'acsandbox02',
  },
] as const satisfies readonly ScnetAccount[]

const settings: ScnetSettings = {
  listLagMs: 0,
  waitingMs: 150,
  deployingMs: 150,
  stopMs: 150,
  queuedMs: 200,
  exitingMs: 0,
  cancelMs: 150,
  runningMs: 400,
  liveWindowMs: 300_000,
  historyLagMs: 0,
  tokenLifeMs: 24 * 3_600_000,
  maxClockSkewMs: 0,
  secondUrlLagMs: 0,
  suspendedRegions: '10867',
  isUserFrozen: false,
  urlSuffixes: 'mixed',
  centerIsArray: false,
  enableIsBoolean: false,
  numericClusterIds: false,
  nextTokenForm: 'array',
  listForm: 'body',
  listKey: 'list',
  nameFilter: 'contains',
  taskNumberIsString: false,
  containerPortType: 'any',
  timeoutEndState: 'Terminated',
  scriptsEndContainers: false,
  scriptLinesMustEnd: false,
  uniqueNames: false,
  refuseUnknownFields: false,
  checkResources: false,
  refuseNoopActions: false,
  refuseDeleteOfLive: false,
  failedJobState: 'statC',
  slurmExitCodes: false,
  submitWithoutId: false,
  refuseCancelByQuery: false,
  refuseCancelOfEnded: false,
  unknownIdCode: '10004',
  errorsHaveStatus: false,
  errorsSayMessage: false,
}

/** SCNet (Sugon "AC"): container instances and HPC jobs. https://www.scnet.cn/ac/openapi/doc/2.0/ */
export const scnet: SandboxProvider<ScnetSettings, ScnetAccount> = {
  id: 'scnet',
  portOffset: 3,
  accounts,
  settings,
  client,
  endedStates,
  open: (context) => {
    const gate = makeGate(accounts, context.settings)
    return {
      operations: scnetOperations(context, accounts, gate),
      authenticate: gate.authenticate,
      failure: (failure) => failureResponse(failure, context.settings),
    }
  },
}
