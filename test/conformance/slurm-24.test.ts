import { slurm2411 } from './harnesses/slurm.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(slurm2411)
