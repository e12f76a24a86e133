import { jupyterhubSix } from './harnesses/jupyterhub.ts'
import { describeProviderConformance } from './provider-conformance.ts'

describeProviderConformance(jupyterhubSix)
