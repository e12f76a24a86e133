/** Request bodies of Slurm. Responses are read field by field. */

/** `POST /slurm/<version>/job/submit` */
export type SubmitJob = {
  script: string
  job: OpenapiJob | DataParserJob
}

/** Fields that all versions have. */
type JobProperties = {
  name: string
  comment: string
  account?: string
  partition?: string
  qos?: string
  reservation?: string
  constraints?: string
  tasks: number
  tasks_per_node?: number
  cpus_per_task?: number
  licenses?: string
  /** Documented as an integer (v0.0.37, v0.0.38), or a number (later); Slurm accepts the command-line text in all. */
  begin_time?: string
  dependency?: string
  nice?: number
  current_working_directory: string
  standard_output?: string
  standard_error?: string
}

/** `job_properties` of v0.0.37 and v0.0.38, the fields in use. Memory sizes are in MB, which Slurm treats as MiB. */
export type OpenapiJob = JobProperties & {
  /** The API description documents a "list of two integers"; Slurm 22.05 accepts such a list and ignores it. */
  nodes: number
  memory_per_node?: number
  /** Per node: `gpu:t4:2`, several with commas. */
  gres?: string
  /** Not the documented values (user, mcs, true, false): Slurm accepts the command-line value `exclusive`. */
  exclusive?: 'exclusive'
  /** Minutes. */
  time_limit?: number
  /** A number as a string of digits. */
  priority?: string
  /** Any value allows requeueing, including `false`. */
  requeue?: true
  /** Any value disables requeueing. */
  no_requeue?: true
  /** Replaces the job's whole environment. */
  environment: Readonly<Record<string, string>>
}

/** A number of v0.0.40 and later. v0.0.40 warns of a plain one. */
export type WrappedNumber = {
  set: true
  infinite: false
  number: number
}

/** `job_desc_msg` of v0.0.40 to v0.0.45, the fields in use. Others are ignored with a warning, and the job is created. */
export type DataParserJob = JobProperties & {
  /** A number is accepted with a warning. */
  nodes: string
  memory_per_node?: WrappedNumber
  /** `gres/gpu:t4:2`, several with commas. Without `gres/` it is rejected (2115). */
  tres_per_node?: string
  /** `none` allocates whole nodes; `exclusive` is ignored. */
  shared?: readonly ['none']
  time_limit?: WrappedNumber
  priority?: WrappedNumber
  requeue?: boolean
  environment: readonly string[]
}
