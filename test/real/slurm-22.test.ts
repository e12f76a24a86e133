import { releases } from './slurm-releases.ts'
import { describeSlurm } from './slurm-suite.ts'

describeSlurm(releases['22.05'])
