import type { SandboxProvider } from '../provider.ts'
import { gatewayError, gatewayFailure, verifySignature } from '../vendors/ncp.ts'
import { client } from './client.ts'
import { endedStates } from './lifecycle.ts'
import { dataforestOperations } from './routes.ts'
import { serviceError } from './service.ts'
import type { DataforestAccount, DataforestSettings } from './wire.ts'

// The first account id is that of the documented example, so that the example can be replayed unchanged.
const accounts = [
  {
    accessKey: 'SANDBOXNCPACCESSKEY1',
    secretKey: 'sandbox-ncp-secret-key-of-the-first-account',
    accountId: '6COytUeFj7b8eOhq2L5zL',
    accountName: 'acct',
  },
  {
    accessKey: 'SANDBOXNCPACCESSKEY2',
    secretKey: 'sandbox-ncp-secret-key-of-the-other-account',
    accountId: '2mUVZaHseGadiNFAg5MHjk',
    accountName: 'other',
  },
] as const satisfies readonly DataforestAccount[]

const settings: DataforestSettings = {
  listLagMs: 0,
  newMs: 0,
  submittedMs: 0,
  acceptedMs: 200,
  runningMs: 400,
  killMs: 150,
  maxActiveApps: 0,
  refuseUnknownFields: false,
  requireContentType: false,
  refuseKillOfEnded: false,
  errorsIn200: false,
  numericErrorCodes: false,
  isAiRetired: false,
}

/** NAVER Cloud's Data Forest: AI workspaces and AI apps. https://api.ncloud-docs.com/docs/analytics-dataforest */
export const dataforest: SandboxProvider<DataforestSettings, DataforestAccount> = {
  id: 'dataforest',
  portOffset: 1,
  accounts,
  settings,
  client,
  endedStates,
  open: (context) => ({
    operations: dataforestOperations(context, accounts),
    authenticate: (call) => {
      if (verifySignature(call, accounts) !== null) return null
      return gatewayError('authenticationFailed', context.settings.numericErrorCodes)
    },
    failure: (failure) => {
      const isServiceError = failure.what === 'server_error' && failure.status === 500
      if (isServiceError || failure.what === 'refused_in_200') return serviceError(500, 'unexpected error', false)
      return gatewayFailure(failure, context.settings.numericErrorCodes)
    },
  }),
}
