import { scnetContainer } from './harnesses/scnet.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(scnetContainer)
