import type { JobSpec } from '../../../src/vocabulary/spec.ts'

export const id = '425b7087-83de-49ed-9e40-5bb642be956f'
export const spec: JobSpec = {
  name: 'TestModelArtsJob2',
  description: 'This is a ModelArts job2',
  image: 'org/fastseq:1.2',
  script: 'cd /home/ma-user/ddp_demo && sh run_ddp.sh',
  environmentVariables: { NCCL_DEBUG: 'INFO', NCCL_IB_DISABLE: '0' },
  queue: 'poolfaf38d76',
  resources: { flavor: 'modelarts.pool.visual.xlarge', nodes: 1 },
  mounts: [{ source: 'nfs:192.168.0.82:/', path: '/home/ma-user/nfs/' }],
  providerOptions: { modelarts: { logPath: '/training-test/limou/ddp-demo-log/' } },
}

/** The reference's sample response, reduced to the relevant fields. */
export const job = {
  kind: 'job',
  metadata: {
    id,
    name: 'TestModelArtsJob2-syk7m2q9dxwa',
    description: '',
    create_time: 1704164640000,
    workspace_id: '0',
    user_name: '',
  },
  status: {
    phase: 'Creating',
    secondary_phase: 'Creating',
    duration: 0,
    start_time: 0,
    node_count_metrics: null,
    tasks: ['worker-0', 'server-0'],
  },
  algorithm: {
    inputs: [
      {
        name: 'data_url',
        remote: { obs: { obs_url: 'https://obs.example.com/b/o?AWSAccessKeyId=AK1&Signature=zzz' } },
      },
    ],
  },
}
