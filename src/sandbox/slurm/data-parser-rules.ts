import { isRecord } from '../fields.ts'
import { isOld, type Warning } from './data-parser-responses.ts'
import { Rejected } from './responses.ts'
import type { JobRequest, SlurmSettings } from './wire.ts'

/** The fields of `job_desc_msg` in the API description of 26.05.5 that batch jobs have. Others are ignored. */
const properties: ReadonlySet<string> = new Set(
  `account account_gather_frequency admin_comment argv array batch_features begin_time burst_buffer clusters
  cluster_constraint comment contiguous container container_id cores_per_socket core_specification cpu_binding
  cpu_binding_flags cpu_frequency cpus_per_tres crontab deadline delay_boot dependency end_time environment
  rlimits excluded_nodes extra constraints group_id hetjob_group immediate job_id kill_on_node_fail licenses
  mail_type mail_user mcs_label memory_binding memory_binding_type memory_per_tres name network nice tasks open_mode
  reserve_ports overcommit partition distribution_plane_size power_flags prefer hold priority profile qos reboot
  required_nodes requeue reservation resv_mpi_ports script shared site_factor spank_environment distribution time_limit
  time_minimum tres_bind tres_freq tres_per_job tres_per_node tres_per_socket tres_per_task user_id wait_all_nodes
  kill_warning_flags kill_warning_signal kill_warning_delay current_working_directory cpus_per_task minimum_cpus
  maximum_cpus nodes minimum_nodes maximum_nodes minimum_boards_per_node minimum_sockets_per_board sockets_per_node
  threads_per_core tasks_per_node tasks_per_socket tasks_per_core tasks_per_board ntasks_per_tres minimum_cpus_per_node
  memory_per_cpu memory_per_node temporary_disk_per_node selinux_context required_switches segment_size standard_error
  standard_input standard_output wait_for_switch wckey x11 x11_magic_cookie x11_target_host x11_target_port`.split(
    /\s+/,
  ),
)

const wrappedNumbers = ['memory_per_node', 'memory_per_cpu', 'time_limit', 'priority']

export interface ParsedRequest {
  request: JobRequest
  warnings: readonly Warning[]
}

/** Reads a request like these versions: unknown and malformed fields are warnings. */
export function readParserRequest(body: Record<string, unknown>, settings: SlurmSettings): ParsedRequest {
  const { job, script } = body
  if (!isRecord(job)) throw new Rejected(500, { code: 9202, error: 'Unable to convert Data type' })
  const isKnown = (name: string) => properties.has(name) && name !== settings.unknownField
  const unknown = Object.keys(job).filter((name) => !isKnown(name))
  if (settings.refusesUnknownFields && unknown.length > 0)
    throw new Rejected(400, { code: 9001, error: `unknown field ${unknown[0]}` })
  const known = Object.fromEntries(Object.entries(job).filter(([name]) => isKnown(name)))
  const environment = environmentOf(known.environment)
  if (Object.keys(environment).length === 0) {
    throw isOld(settings.release)
      ? new Rejected(500, { code: 2019, error: 'I/O error writing script/environment to file' })
      : new Rejected(422, { code: 2127, error: 'Environment is missing in job' })
  }
  return {
    request: {
      ...(typeof script === 'string' ? { script } : {}),
      job: { ...known, ...numbersOf(known), ...gresOf(known), ...flagsOf(known), environment },
    },
    warnings: [...unknown.map((name) => ignored(name, job[name])), ...misshapen(known)],
  }
}

function environmentOf(given: unknown): Record<string, string> {
  if (isRecord(given)) return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
  if (!Array.isArray(given)) return {}
  return Object.fromEntries(given.map(String).map((each) => [each.split('=')[0], each.slice(each.indexOf('=') + 1)]))
}

function numbersOf(job: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(
    wrappedNumbers.flatMap((name) => {
      const given = job[name]
      const number = isRecord(given) ? (given.set === true ? given.number : undefined) : given
      if (number === undefined) return []
      if (!/^\d+$/.test(String(number))) throw new Rejected(500, { code: 9202, error: 'Unable to convert Data type' })
      return [[name, Number(number)] as const]
    }),
  )
}

/** `gres/gpu:t4:1`; without the prefix it is an unknown TRES. */
function gresOf({ tres_per_node: requested }: Record<string, unknown>): { gres?: string } {
  if (requested === undefined) return {}
  const each = String(requested).split(',')
  if (!each.every((tres) => tres.startsWith('gres/')))
    throw new Rejected(500, { code: 2115, error: 'Invalid Trackable RESource (TRES) specification' })
  const gres = each.map((tres) => tres.slice('gres/'.length).replace('=', ':'))
  if (!gres.every((tres) => tres.startsWith('gpu')))
    throw new Rejected(500, { code: 2072, error: 'Invalid generic resource (gres) specification' })
  return { gres: gres.join(',') }
}

/** `requeue` is an ordinary flag in these versions. */
function flagsOf({ requeue }: Record<string, unknown>): { no_requeue?: true } {
  return requeue === false ? { no_requeue: true } : {}
}

const slurmTypes: Readonly<Record<string, string>> = { number: '64 bit integer', string: 'string', boolean: 'boolean' }

function ignored(name: string, value: unknown): Warning {
  const type = Array.isArray(value) ? 'list' : (slurmTypes[typeof value] ?? 'dictionary')
  return {
    description: `Ignoring unknown field "${name}" of type ${type} in DATA_PARSER_JOB_DESC_MSG`,
    source: `#/job/${name}/`,
  }
}

function misshapen({ environment, nodes }: Record<string, unknown>): readonly Warning[] {
  const warning = (name: string, expected: string, got: string) => ({
    description: `Expected OpenAPI type=${expected} but got OpenAPI type=${got}`,
    source: `#/job/${name}/`,
  })
  return [
    ...(isRecord(environment)
      ? [warning('environment', 'array (Slurm type=list)', 'object (Slurm type=dictionary)')]
      : []),
    ...(typeof nodes === 'number'
      ? [warning('nodes', 'string (Slurm type=string)', 'integer (Slurm type=64 bit integer)')]
      : []),
  ]
}
