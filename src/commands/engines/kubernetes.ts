import type { EngineFinder } from './engine.ts'
import { outputOf } from './run-program.ts'

/** What is read of the current context; the driver takes the rest apart. */
interface Kubeconfig {
  clusters?: { cluster?: { server?: string } }[] | null
  contexts?: { context?: { namespace?: string } }[] | null
}

export const kubernetesFinder: EngineFinder = {
  title: 'Kubernetes',
  start: 'docs/providers/kubernetes.md',
  async find({ KUBERNETES_IMAGE: defaultImage = 'busybox:1.36' }) {
    const kubeconfig = await outputOf('kubectl', ['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json'])
    if (kubeconfig === null) return { missing: '`kubectl config view` shows no current context' }
    const { clusters, contexts } = JSON.parse(kubeconfig) as Kubeconfig
    const url = clusters?.[0]?.cluster?.server
    if (url === undefined || !URL.canParse(url)) return { missing: 'the current context of kubectl names no server' }
    const namespace = contexts?.[0]?.context?.namespace ?? 'default'
    return {
      title: `Kubernetes, namespace ${namespace}`,
      provider: 'kubernetes',
      url,
      settings: { baseUrl: url, namespace, defaultImage },
      credentials: { kubeconfig },
    }
  },
}
