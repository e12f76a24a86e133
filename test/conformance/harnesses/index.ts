// Written by npm run providers:generate from the folders.
import type { ProviderHarness } from '../harness.ts'
import { harnesses as aitems } from './aitems.ts'
import { harnesses as dataforest } from './dataforest.ts'
import { harnesses as jupyterhub } from './jupyterhub.ts'
import { harnesses as kubernetes } from './kubernetes.ts'
import { harnesses as modelarts } from './modelarts.ts'
import { harnesses as ray } from './ray.ts'
import { harnesses as scnet } from './scnet.ts'
import { harnesses as slurm } from './slurm.ts'

/** Every variant of every provider. */
export const harnesses: readonly ProviderHarness[] = [
  ...aitems,
  ...dataforest,
  ...jupyterhub,
  ...kubernetes,
  ...modelarts,
  ...ray,
  ...scnet,
  ...slurm,
]
