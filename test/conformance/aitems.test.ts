import { aitems } from './harnesses/aitems.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(aitems)
