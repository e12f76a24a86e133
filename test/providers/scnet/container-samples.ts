import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'

/** The vendor's create example as a portable spec. */
export const spec: EnvironmentSpec = {
  name: 'Instances_2205113838',
  description: '',
  image: '10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu',
  interfaces: ['ssh'],
  queue: 'TeslaM40',
  resources: { cpus: 3, memoryMiB: 15360, accelerator: { kind: 'gpu', count: 1 } },
  mounts: [{ source: '/public1/home/lizb0530d/test_mount', path: '/mnt/test_mount', type: 'data' }],
  ports: [{ port: 18888, protocol: 'http' }],
}
