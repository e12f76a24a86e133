import { harnesses } from './harnesses/ray.ts'
import { describeProviderConformance } from './provider-conformance.ts'

for (const harness of harnesses) describeProviderConformance(harness)
