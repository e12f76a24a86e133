import { slurm } from './harnesses/slurm.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(slurm)
