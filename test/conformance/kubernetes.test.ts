import { harnesses } from './harnesses/kubernetes.ts'
import { describeProviderConformance } from './provider-conformance.ts'

for (const harness of harnesses) describeProviderConformance(harness)
