/**
 * Where `demo --engine` finds an engine: the variables of the engines' own clients, as far as there are any. They are no
 * settings of the service.
 */
export const engineVariables = {
  SLURM_BASE_URL: 'URL of slurmrestd; default http://127.0.0.1:6820',
  SLURM_JWT: 'token of the user; default: that of `scontrol token`',
  SLURM_WORKING_DIRECTORY: 'directory of the job on the cluster; default /tmp',
  RAY_ADDRESS: 'URL of the dashboard; default http://127.0.0.1:8265',
  RAY_AUTH_TOKEN: 'token of the cluster, if it requires one',
  KUBECONFIG: 'kubeconfig whose current context is used; default ~/.kube/config',
  KUBERNETES_IMAGE: 'image with /bin/sh; default busybox:1.36',
} as const

export type EngineVariables = { readonly [name in keyof typeof engineVariables]?: string }
