import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'

export const image = 'e1a07296-22a8-4f05-8bc8-e936c8e54090'
export const id = 'f9937afa-4451-42db-a76b-72d624749f66'
export const spec: EnvironmentSpec = {
  name: 'notebooks_test',
  image,
  resources: { flavor: 'modelarts.vm.cpu.2u' },
  storage: { type: 'EVS', sizeGiB: 50 },
}

/** The reference's sample, with a correlation tag in the name. */
export const notebook = {
  description: 'api-test',
  feature: 'NOTEBOOK',
  flavor: 'modelarts.vm.cpu.2u',
  id,
  lease: { create_at: 1638841744515, duration: 3600000, enable: true, update_at: 1638841744515 },
  name: 'notebooks_test-syk7m2q9dxwa',
  status: 'CREATING',
  token: '3eff13f2-3d70-5456-6dc7-e3f99f562022',
  url: 'https://authoring.example.com/lab?token=3eff13f2-3d70-5456-6dc7-e3f99f562022',
  volume: { category: 'EVS', ownership: 'MANAGED', capacity: 50 },
  workspace_id: '0',
}

export const volume = '/providerOptions/modelarts/volume'
