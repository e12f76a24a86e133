// Written by npm run providers:generate from the folders.
import { aitems } from './aitems/index.ts'
import { dataforest } from './dataforest/index.ts'
import { jupyterhub } from './jupyterhub/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { modelarts } from './modelarts/index.ts'
import { ray } from './ray/index.ts'
import { scnet } from './scnet/index.ts'
import { slurm } from './slurm/index.ts'

/** Every provider that the sandbox emulates. */
export const sandboxProviders = {
  aitems,
  dataforest,
  jupyterhub,
  kubernetes,
  modelarts,
  ray,
  scnet,
  slurm,
} as const

export type SandboxProviderId = keyof typeof sandboxProviders
