import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { EngineFinder } from './engine.ts'
import { outputOf } from './run-program.ts'

/** Parts of a kubeconfig that are read here; the driver parses the rest. */
interface Kubeconfig {
  'current-context'?: string
  clusters?: { name?: string; cluster?: { server?: string } }[] | null
  contexts?: { name?: string; context?: { cluster?: string; namespace?: string } }[] | null
}

export const kubernetesFinder: EngineFinder = {
  title: 'Kubernetes',
  start: 'docs/providers/kubernetes.md',
  async find({ KUBECONFIG = join(homedir(), '.kube', 'config'), KUBERNETES_IMAGE: defaultImage = 'busybox:1.36' }) {
    const kubeconfig = (await mergedByKubectl()) ?? (await readFile(KUBECONFIG, 'utf8').catch(() => null))
    if (kubeconfig === null) return { missing: `neither kubectl nor ${KUBECONFIG} has a kubeconfig` }
    const { server, namespace } = currentContext(kubeconfig)
    if (server === undefined || !URL.canParse(server))
      return { missing: 'the current context of the kubeconfig names no server' }
    return {
      title: `Kubernetes, namespace ${namespace}`,
      provider: 'kubernetes',
      url: server,
      settings: { baseUrl: server, namespace, defaultImage },
      credentials: { kubeconfig },
    }
  },
}

/** All files of KUBECONFIG as one, with the certificates that they name. */
function mergedByKubectl(): Promise<string | null> {
  return outputOf('kubectl', ['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json'])
}

function currentContext(kubeconfig: string): { server?: string | undefined; namespace: string } {
  const { 'current-context': current, clusters, contexts } = parsed(kubeconfig)
  const context = contexts?.find(({ name }) => name === current)?.context
  const cluster = clusters?.find(({ name }) => name === context?.cluster)?.cluster
  return { server: cluster?.server, namespace: context?.namespace ?? 'default' }
}

function parsed(kubeconfig: string): Kubeconfig {
  try {
    return (parse(kubeconfig) as Kubeconfig | null) ?? {}
  } catch {
    return {}
  }
}
