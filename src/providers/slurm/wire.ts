/** The bodies of Slurm's requests. Answers are read field by field instead. */

/** `POST /slurm/v0.0.38/job/submit` */
export interface SubmitJob {
  script: string
  job: JobProperties
}

/** The part of `job_properties` that is used. Sizes of memory are MB, which Slurm counts as MiB. */
export interface JobProperties {
  name: string
  comment: string
  account?: string
  partition?: string
  qos?: string
  reservation?: string
  constraints?: string
  /** The API's own description says "list of two integers"; Slurm 22.05 takes such a list and ignores it. */
  nodes: number
  tasks: number
  tasks_per_node?: number
  cpus_per_task?: number
  memory_per_node?: number
  /** Per node: `gpu:t4:2`, several with commas. */
  gres?: string
  licenses?: string
  /** Described as `user|mcs|true|false`; taken is the option of the command line, `exclusive`. */
  exclusive?: 'exclusive'
  /** Minutes. */
  time_limit?: number
  /** Described as an integer; taken is the text of the command line. */
  begin_time?: string
  dependency?: string
  /** A number in digits. */
  priority?: string
  nice?: number
  /** Whatever its value, the job may be requeued: `false` too. */
  requeue?: true
  /** Whatever its value, the job is not requeued. */
  no_requeue?: true
  current_working_directory: string
  standard_output?: string
  standard_error?: string
  /** Replaces the job's whole environment. */
  environment: Readonly<Record<string, string>>
}
