import { ApiError } from './api-error.ts'

/** Limits of a project's concurrent resources; absent = unlimited. */
export interface Quota {
  activeWorkloads?: number
  accelerators?: number
  connections?: number
}

export function quotaExceeded(numbers: string): ApiError {
  return new ApiError(
    'quota_exceeded',
    `The project uses ${numbers}. Delete some of them, or ask an administrator for a larger quota.`,
  )
}
