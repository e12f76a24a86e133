import { slurmOpenapi } from './harnesses/slurm.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(slurmOpenapi)
