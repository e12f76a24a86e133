import { dataforest } from './harnesses/dataforest.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(dataforest)
