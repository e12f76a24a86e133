import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'

export const spec: EnvironmentSpec = {
  name: 'notebook-d115',
  image: 'Ascend-Power-Engine 1.0(python3)',
  resources: { flavor: 'modelarts.kat1.xlarge' },
  storage: { type: 'obs', source: '/aaaaaaaaa/output/' },
  autoStop: { afterSeconds: 3600 },
  providerOptions: { modelarts: { workspaceId: '0' } },
}

export const id = 'DE-a970f5d4-7b26-11eb-91ca-0255ac10003b'

/** The vendor's sample response, reduced to the relevant fields, with a correlation tag in the name. */
export const instance = {
  ai_project: { id: 'default-ai-project' },
  creation_timestamp: '1614669154682',
  description: '',
  flavor: 'modelarts.kat1.xlarge',
  id,
  name: 'notebook-d115-syk7m2q9dxwa',
  profile: { id: 'efa847c0-7359-11eb-b34f-0255ac100057', name: 'Ascend-Powered-Engine 1.0 (python3)' },
  spec: {
    annotations: { target_domain: 'https://notebook.example.com', url: '' },
    auto_stop: { duration: 3600, enable: true, prompt: true },
    failed_reasons: null,
    credential: { ssh_private_key: 'PRIVATE-KEY-MATERIAL', access_token: 'ghp_secret' },
  },
  error_code: null,
  status: 'CREATING',
  workspace: { id: '0' },
}
