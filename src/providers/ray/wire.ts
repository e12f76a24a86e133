/** Request bodies of the Jobs API. Responses are read field by field. */

/** `POST /api/jobs/` */
export type JobSubmitRequest = {
  entrypoint: string
  submission_id: string
  metadata: Readonly<Record<string, string>>
  runtime_env?: RuntimeEnv
  /** Fractions are supported by Ray, not by the portable fields. */
  entrypoint_num_cpus?: number
  entrypoint_num_gpus?: number
  /** Bytes. */
  entrypoint_memory?: number
  entrypoint_resources?: Readonly<Record<string, number>>
  entrypoint_label_selector?: Readonly<Record<string, string>>
}

export type RuntimeEnv = {
  working_dir?: string
  py_modules?: readonly string[]
  pip?: readonly string[]
  uv?: readonly string[]
  conda?: string
  image_uri?: string
  env_vars?: Readonly<Record<string, string>>
  config?: { setup_timeout_seconds: number }
}

/** Where jobs are submitted. The slash at the end is part of it. */
export const jobsPath = '/api/jobs/'

/** Path of one job. */
export function jobPath(submissionId: string): string {
  return `${jobsPath}${submissionId}`
}
