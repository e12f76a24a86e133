import type { ProviderHarness } from '../harness.ts'
import { aitems } from './aitems.ts'
import { dataforest } from './dataforest.ts'
import { jupyterhubAnyUser, jupyterhubOneUser, jupyterhubSix } from './jupyterhub.ts'
import { modelartsDemanager, modelartsNotebooks } from './modelarts.ts'
import { scnetContainer, scnetHpc } from './scnet.ts'
import { slurm } from './slurm.ts'

/** Every variant of every provider. */
export const harnesses: readonly ProviderHarness[] = [
  dataforest,
  aitems,
  modelartsDemanager,
  modelartsNotebooks,
  scnetHpc,
  scnetContainer,
  jupyterhubOneUser,
  jupyterhubAnyUser,
  jupyterhubSix,
  slurm,
]
