import type { SandboxProvider } from '../provider.ts'
import { gatewayError, gatewayFailure, verifySignature } from '../vendors/ncp.ts'
import { client } from './client.ts'
import { errorResponse } from './errors.ts'
import { addReadyMade } from './ready-made.ts'
import { aitemsOperations } from './routes.ts'
import { openStore } from './store.ts'
import type { AitemsAccount, AitemsSettings } from './wire.ts'

const accounts = [
  {
    accessKey: 'SANDBOXAITEMSACCESS1',
    secretKey: 'sandbox-aitems-secret-key-of-the-first-account',
    userDatasetId: 'sandboxusr1',
    itemDatasetId: 'sandboxitm1',
    interactionDatasetId: 'sandboxact1',
  },
  {
    accessKey: 'SANDBOXAITEMSACCESS2',
    secretKey: 'sandbox-aitems-secret-key-of-the-other-account',
    userDatasetId: 'sandboxusr2',
    itemDatasetId: 'sandboxitm2',
    interactionDatasetId: 'sandboxact2',
  },
] as const satisfies readonly AitemsAccount[]

const settings: AitemsSettings = {
  listLagMs: 0,
  bindingMs: 0,
  requestLearningMs: 150,
  learningMs: 400,
  hourMs: 3_600_000,
  waitingMs: 100,
  processingMs: 200,
  deletingMs: 150,
  createStatus: 201,
  refusalStatus: 400,
  errorShape: 'spring',
  failedWord: 'failed',
  numericRowCounts: false,
  emptyUploadAnswer: false,
  olderForm: false,
  trainsAppearAtEnd: false,
  sharedVersions: false,
  newestFirst: false,
  keepsDeleted: false,
  maxLimit: 0,
  refuseUnknownFields: false,
  requireContentType: false,
  refuseRename: false,
  refuseTakenNames: false,
  refuseUnknownSchemas: false,
  refuseDeleteWhileLearning: false,
  refuseDeleteOfConnected: false,
  numericErrorCodes: false,
}

/** NAVER Cloud's AiTEMS: recommendation services and their trainings. https://api.ncloud-docs.com/docs/aitems-overview */
export const aitems: SandboxProvider<AitemsSettings, AitemsAccount> = {
  id: 'aitems',
  portOffset: 2,
  accounts,
  settings,
  client,
  endedStates: new Set(['completed', settings.failedWord]),
  open: (context) => {
    const store = openStore(context)
    const unexpected = (status: number) =>
      errorResponse(context.settings, { status, message: 'unexpected error', path: '/api/v1', at: context.world.now() })
    return {
      operations: aitemsOperations(store, accounts),
      authenticate: (call) => {
        if (verifySignature(call, accounts) !== null) return null
        return gatewayError('authenticationFailed', context.settings.numericErrorCodes)
      },
      failure: (failure) => {
        if (failure.what === 'refused_in_200') return { ...unexpected(500), status: 200 }
        if (failure.what === 'server_error' && failure.status === 500) return unexpected(500)
        return gatewayFailure(failure, context.settings.numericErrorCodes)
      },
      populate: () => addReadyMade(store, accounts),
    }
  },
}
