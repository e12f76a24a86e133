import { ApiError } from './api-error.ts'

/** What a project may have at a time; absent = as many as there are. */
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
