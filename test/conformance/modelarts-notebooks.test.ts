import { modelartsNotebooks } from './harnesses/modelarts.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(modelartsNotebooks)
