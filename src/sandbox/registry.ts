import { aitems } from './aitems/index.ts'
import { dataforest } from './dataforest/index.ts'
import { jupyterhub } from './jupyterhub/index.ts'
import { modelarts } from './modelarts/index.ts'
import { scnet } from './scnet/index.ts'
import { slurm } from './slurm/index.ts'

/** Every provider the sandbox emulates. The order gives each its port when a base port is asked for: append only. */
export const sandboxProviders = {
  dataforest,
  aitems,
  scnet,
  modelarts,
  slurm,
  jupyterhub,
} as const

export type SandboxProviderId = keyof typeof sandboxProviders
