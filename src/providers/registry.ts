// Written by npm run providers:generate from the folders.
import { aitemsProvider } from './aitems/index.ts'
import { dataforestProvider } from './dataforest/index.ts'
import { jupyterhubProvider } from './jupyterhub/index.ts'
import { kubernetesProvider } from './kubernetes/index.ts'
import { modelartsProvider } from './modelarts/index.ts'
import type { Provider } from './provider.ts'
import { rayProvider } from './ray/index.ts'
import { scnetProvider } from './scnet/index.ts'
import { slurmProvider } from './slurm/index.ts'

/** Every provider that this version supports. */
export const providers: readonly Provider[] = [
  aitemsProvider,
  dataforestProvider,
  jupyterhubProvider,
  kubernetesProvider,
  modelartsProvider,
  rayProvider,
  scnetProvider,
  slurmProvider,
]
