import { aitemsProvider } from '../../../src/providers/aitems/index.ts'
import type { ProviderHarness } from '../harness.ts'

/** The version of a job's only train, its id in the sandbox: `<serviceId>/pop:<version>`. */
const versionOf = (remoteId: string) => remoteId.split(':').at(-1) ?? ''
const serviceOf = (remoteId: string) => remoteId.split('/')[0] ?? ''

/** AiTEMS: services and trainings. */
export const aitems: ProviderHarness = {
  variant: 'aitems',
  provider: aitemsProvider,
  sandbox: 'aitems',
  variantSettings: {},
  settings: (baseUrl) => ({ baseUrl }),
  credentials: ({ accessKey = '', secretKey = '' }) => ({ accessKey, secretKey }),
  publicCredentials: [],
  wrongFields: [
    { path: 'credentials.accessKey', value: 'UNKNOWNACCESSKEY0000', reportedField: 'credentials' },
    { path: 'credentials.secretKey', value: 'another-accounts-secret-key', reportedField: 'credentials' },
  ],
  tokens: 'each request is signed',
  clockField: { field: 'clock' },
  retryAfter: 'the gateway sends no Retry-After',
  strictControls: [{ keepsDeleted: true }],
  strictRequests: { refuseUnknownFields: true, requireContentType: true },
  kinds: {
    job: {
      spec: (name) => ({ name, providerOptions: { aitems: { types: ['pop'] } } }),
      fullSpec: (name) => ({
        name,
        description: 'all supported fields',
        providerOptions: { aitems: { types: ['personalRecommend', 'relatedItem', 'pop'], hpo: { min_item_cut: 3 } } },
      }),
      object: 'train',
      // `completed` was observed; the failure states are self-explanatory.
      states: {
        ready: 'pending',
        requesting: 'pending',
        waiting: 'pending',
        learning: 'running',
        stopping: 'running',
        completed: 'succeeded',
        requestFailed: 'failed',
        refinedFailed: 'failed',
        learningFailed: 'failed',
      },
      operations: { create: 'services.train', lists: ['trains.list'] },
      missingId: (existing) => `${serviceOf(existing)}/pop:nosuchtrain`,
      // The driver lists eight services per page, with one training each.
      multiPageCount: 9,
      batchedFind: 'trains are listed per service',
      objectId: versionOf,
      forceState(sandbox, remoteId, rawState) {
        // While the service is learning, the state of the train determines the status.
        sandbox.force('aitems', serviceOf(remoteId), { state: 'learning' })
        sandbox.force('aitems', versionOf(remoteId), { state: rawState })
      },
      unknownState: true,
    },
    environment: {
      spec: (name, { userDatasetId, itemDatasetId, interactionDatasetId }) => {
        const datasetIds = { user: userDatasetId, item: itemDatasetId, interaction: interactionDatasetId }
        return { name, providerOptions: { aitems: { datasetIds } } }
      },
      fullSpec: (name, { userDatasetId, itemDatasetId, interactionDatasetId }) => {
        const datasetIds = { user: userDatasetId, item: itemDatasetId, interaction: interactionDatasetId }
        const aitems = { datasetIds, serviceType: 'interval', term: 'hour6' }
        return { name, description: 'all supported fields', providerOptions: { aitems } }
      },
      object: 'service',
      states: {
        drafted: 'provisioning',
        datasetRequired: 'blocked',
        learnable: 'running',
        scheduled: 'running',
        requestLearning: 'running',
        learning: 'running',
        scheduledLearning: 'running',
        disable: 'blocked',
        deleting: 'deleting',
        deleted: 'deleted',
      },
      operations: { create: 'services.create', lists: ['services.list'] },
      missingId: () => 'nosuchsrvce',
      multiPageCount: 1001,
      batchedFind: true,
      forceState(sandbox, remoteId, rawState) {
        sandbox.changeSettings('aitems', { keepsDeleted: true })
        sandbox.force('aitems', remoteId, { state: rawState })
      },
      unknownState: true,
    },
  },
}

export const harnesses = [aitems]
