import type { SandboxClient } from '../provider.ts'
import type { AitemsAccount } from './wire.ts'

export const client: SandboxClient<AitemsAccount> = {
  title: 'AiTEMS: a service, its datasets bound afterwards, and a training',
  connection: (baseUrl, { accessKey, secretKey }) => ({
    settings: { baseUrl },
    credentials: { accessKey, secretKey },
  }),
  environment: () => ({
    name: 'service',
    description: 'test',
    providerOptions: { aitems: { serviceType: 'batch' } },
  }),
  unblock: ({ userDatasetId: user, itemDatasetId: item, interactionDatasetId: interaction }) => ({
    providerOptions: { aitems: { datasetIds: { user, item, interaction } } },
  }),
  job: () => ({ name: 'nightly', providerOptions: { aitems: { types: ['pop'] } } }),
  jobNeedsEnvironment: true,
}
