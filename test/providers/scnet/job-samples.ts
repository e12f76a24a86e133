import type { JobSpec } from '../../../src/vocabulary/spec.ts'

export const spec: JobSpec = {
  name: 'train',
  command: ['python', 'train.py', '--note', "it's"],
  environmentVariables: { EPOCHS: '3' },
  workingDirectory: '/public/home/bob_hpc/run',
  queue: 'debug',
  resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'dcu', count: 1 }, nodes: 2 },
  timeLimitSeconds: 360_000,
}
