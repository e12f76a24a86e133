import type { SandboxProvider } from '../provider.ts'
import { client } from './client.ts'
import { makeGate } from './gate.ts'
import { endedStates } from './lifecycle.ts'
import { failureResponse } from './rejections.ts'
import { modelartsOperations } from './routes.ts'
import { randomUuid } from './service.ts'
import type { ModelartsAccount, ModelartsSettings } from './wire.ts'

const place = { region: 'eu-de', otherRegion: 'eu-nl' }

const accounts = [
  {
    ...place,
    domainName: 'OTC-EU-DE-00000000001000000001',
    domainId: 'd78cbac186b744899480f25bd022f468',
    userName: 'sandbox-user',
    userId: 'f3779708b547462dbca12a70555d0690',
    password: 'sandbox-otc-password-of-the-first-user',
    projectId: '77b6a44cba5143ab91d13ab9a8ff44fd',
    otherRegionProjectId: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    accessKey: 'SANDBOXOTCACCESSKEY1',
    secretKey: 'sandbox-otc-secret-key-of-the-first-user',
    temporaryAccessKey: 'SANDBOXOTCTEMPORARY1',
    temporarySecretKey: 'sandbox-otc-temporary-key-of-the-first-user',
    securityToken: 'sandbox-otc-security-token-of-the-first-user',
  },
  {
    ...place,
    domainName: 'OTC-EU-DE-00000000001000000002',
    domainId: '1b9f4f0c8a7e4c0e9d7a5b3c2f1e0d9c',
    userName: 'other-user',
    userId: '2c8e7d6f5a4b4c3d8e9f0a1b2c3d4e5f',
    password: 'sandbox-otc-password-of-the-other-user',
    projectId: '5d3c2b1a0f9e4d8c7b6a59483726150f',
    otherRegionProjectId: '9f8e7d6c5b4a39281706f5e4d3c2b1a0',
    accessKey: 'SANDBOXOTCACCESSKEY2',
    secretKey: 'sandbox-otc-secret-key-of-the-other-user',
    temporaryAccessKey: 'SANDBOXOTCTEMPORARY2',
    temporarySecretKey: 'sandbox-otc-temporary-key-of-the-other-user',
    securityToken: 'sandbox-otc-security-token-of-the-other-user',
  },
] as const satisfies readonly ModelartsAccount[]

const speeds = {
  listLagMs: 0,
  queueingMs: 0,
  creatingMs: 300,
  startingMs: 200,
  stoppingMs: 150,
  deletingMs: 150,
  instanceDeletingMs: 0,
  leaseSpeed: 1,
  jobCreatingMs: 100,
  jobPendingMs: 100,
  jobRunningMs: 400,
  terminatingMs: 150,
}

const settings: ModelartsSettings = {
  ...speeds,
  tokenLifeMs: 86_400_000,
  tokensValidFrom: 0,
  tokenErrorsFrom: 'service',
  jobTokenErrorsAre403: false,
  lockAfterFailures: 5,
  lockMs: 300_000,
  requireProjectHeader: false,
  gatewayPrefix: 'APIGW',
  v1ErrorField: 'error_message',
  errorsIn200: false,
  demanagerCreateStatus: 200,
  vagueStateErrors: false,
  refuseUnknownFields: false,
  refuseUnknownFlavors: false,
  refuseUnknownProfiles: false,
  requireContentType: false,
  restrictNotebookUpdates: false,
  refuseDeleteInQueue: false,
  allowEvs: false,
  soldOutFlavors: '',
  maxInstances: 0,
  maxJobs: 0,
}

/** ModelArts of Open Telekom Cloud, with the required part of IAM. https://docs.otc.t-systems.com/modelarts/api-ref/ */
export const modelarts: SandboxProvider<ModelartsSettings, ModelartsAccount> = {
  id: 'modelarts',
  portOffset: 4,
  accounts,
  settings,
  client,
  endedStates,
  open: ({ world, settings: live, url }) => {
    const gate = makeGate({ accounts, settings: live, now: world.now })
    const operations = modelartsOperations({
      world,
      settings: live,
      accounts,
      url,
      callerOf: gate.callerOf,
      makeId: (generate = randomUuid) => world.freshId('modelarts', generate),
    })
    return {
      operations,
      authenticate: gate.authenticate,
      failure: (failure) => failureResponse(failure, live),
      populate: gate.clear,
    }
  },
}
