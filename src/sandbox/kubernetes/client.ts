import type { SandboxClient } from '../provider.ts'
import type { KubernetesAccount } from './wire.ts'

export const client: SandboxClient<KubernetesAccount> = {
  title: 'Kubernetes: a Job and a StatefulSet',
  connection: (baseUrl, { namespace, token }) => ({
    settings: { baseUrl, namespace, defaultImage: 'busybox:1.36' },
    credentials: { token },
  }),
  job: () => ({ name: 'hello', image: 'busybox:1.36', script: 'echo hello from $HOSTNAME; env' }),
  environment: () => ({
    name: 'notebook',
    image: 'quay.io/jupyter/base-notebook',
    ports: [{ port: 8888, protocol: 'http' }],
  }),
}
