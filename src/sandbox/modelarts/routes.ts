import type { Operation } from '../provider.ts'
import { algorithmOperations } from './algorithms.ts'
import { iamOperations } from './iam.ts'
import { instanceOperations } from './instances.ts'
import { jobOperations } from './jobs.ts'
import { notebookOperations } from './notebooks.ts'
import { oldJobOperations } from './old-jobs.ts'
import type { ServiceParts } from './service.ts'

/** Every emulated operation of ModelArts, and the three required ones of IAM. */
export function modelartsOperations(parts: ServiceParts): Operation[] {
  return [
    ...iamOperations(parts),
    ...instanceOperations(parts),
    ...notebookOperations(parts),
    ...jobOperations(parts),
    ...algorithmOperations(parts),
    ...oldJobOperations(parts),
  ]
}
