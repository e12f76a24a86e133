import { aitemsProvider } from '../../../src/providers/aitems/index.ts'
import type { ProviderHarness } from '../harness.ts'

/** The version of a job's only train, which is the sandbox's id of it: `<serviceId>/pop:<version>`. */
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
  wrong: [
    { path: 'credentials.accessKey', value: 'NOBODYSACCESSKEY0000', named: 'credentials' },
    { path: 'credentials.secretKey', value: 'somebody-elses-secret-key', named: 'credentials' },
  ],
  tokens: 'each request is signed',
  clockField: { field: 'clock' },
  retryAfter: 'the gateway tells no wait',
  strictControls: [{ keepsDeleted: true }],
  strictRequests: { refuseUnknownFields: true, requireContentType: true },
  kinds: {
    job: {
      spec: (name) => ({ name, providerOptions: { aitems: { types: ['pop'] } } }),
      fullSpec: (name) => ({
        name,
        description: 'all that can be said',
        providerOptions: { aitems: { types: ['personalRecommend', 'relatedItem', 'pop'], hpo: { min_item_cut: 3 } } },
      }),
      object: 'train',
      // `completed` has been seen; the words of failure say so themselves.
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
      // The driver lists eight services at a time, and each takes one training.
      moreThanAPage: 9,
      oneWalk: 'trains are listed per service',
      objectId: versionOf,
      show(sandbox, remoteId, rawState) {
        // While the service learns, the word of the train alone decides.
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
        return { name, description: 'all that can be said', providerOptions: { aitems } }
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
      moreThanAPage: 1001,
      oneWalk: true,
      show(sandbox, remoteId, rawState) {
        sandbox.changeSettings('aitems', { keepsDeleted: true })
        sandbox.force('aitems', remoteId, { state: rawState })
      },
      unknownState: true,
    },
  },
}

export const harnesses = [aitems]
