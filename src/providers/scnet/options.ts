import { Type } from '@sinclair/typebox'
import { choice } from '../kit/choice.ts'
import type { Intent, SpecFault } from '../provider.ts'
import type { ScnetSettings } from './settings.ts'

const closed = { additionalProperties: false }

const version = (only = '') =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: `The image's short name; the last part of \`image\` where absent.${only}`,
    }),
  )

export const environmentOptions = Type.Object({ version: version() }, closed)

/** One object for both APIs of jobs: which of them a connection uses is not known where requests are described. */
export const jobOptions = Type.Object(
  {
    nodeList: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'GAP_NODE_STRING; excludes `resources.nodes`. Only `hpc`.',
      }),
    ),
    processes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'GAP_NPROC, in all; excludes `resources.cpus`. Only `hpc`.',
      }),
    ),
    exclusive: Type.Optional(Type.Boolean({ description: 'GAP_EXCLUSIVE: whole nodes. Only `hpc`.' })),
    version: version(' Only `container`.'),
    interface: Type.Optional(
      choice(['ssh', 'jupyter', 'vscode', 'rstudio'], {
        description:
          'The type of the container, ssh where absent: every container has one, also where nobody logs in. Only `container`.',
      }),
    ),
    startScriptScope: Type.Optional(
      choice(['all', 'first'], {
        description: 'Which containers run the program; all where absent. Only `container`.',
      }),
    ),
  },
  closed,
)

/** Options of jobs that only the other API takes. */
const foreignOptions = {
  hpc: ['version', 'interface', 'startScriptScope'],
  container: ['nodeList', 'processes', 'exclusive'],
} as const

export function foreignOptionFaults(spec: Intent<'job'>['spec'], api: ScnetSettings['jobApi']): readonly SpecFault[] {
  const foreign = foreignOptions[api].filter((name) => option(spec, name) !== undefined)
  return foreign.map((name) => ({
    pointer: `/providerOptions/scnet/${name}`,
    detail: `This connection makes jobs through the ${api} API, which has no ${name}.`,
  }))
}

/** An option of `providerOptions.scnet`. */
export function option(spec: Intent['spec'], name: string): unknown {
  return spec.providerOptions?.scnet?.[name]
}
