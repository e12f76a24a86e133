import { Type } from '@sinclair/typebox'
import type { SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { choice } from '../kit/choice.ts'
import type { ScnetSettings } from './settings.ts'

const closed = { additionalProperties: false }

const version = (only = '') =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: `Short name of the image. Defaults to the last part of \`image\`.${only}`,
    }),
  )

export const environmentOptions = Type.Object({ version: version() }, closed)

/** One schema for both APIs of jobs: validation does not know which one a connection uses. */
export const jobOptions = Type.Object(
  {
    nodeList: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'Node list (`GAP_NODE_STRING`). Excludes `resources.nodes`. Requires `jobApi: hpc`.',
      }),
    ),
    processes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Total number of processes (`GAP_NPROC`). Excludes `resources.cpus`. Requires `jobApi: hpc`.',
      }),
    ),
    exclusive: Type.Optional(
      Type.Boolean({ description: 'Allocates whole nodes (`GAP_EXCLUSIVE`). Requires `jobApi: hpc`.' }),
    ),
    version: version(' Requires `jobApi: container`.'),
    interface: Type.Optional(
      choice(['ssh', 'jupyter', 'vscode', 'rstudio'], {
        description: 'Container type. Defaults to `ssh`. Requires `jobApi: container`.',
      }),
    ),
    startScriptScope: Type.Optional(
      choice(['all', 'first'], {
        description: 'Which containers run the program. Defaults to `all`. Requires `jobApi: container`.',
      }),
    ),
  },
  closed,
)

/** Job options that only the other API supports. */
const foreignOptions = {
  hpc: ['version', 'interface', 'startScriptScope'],
  container: ['nodeList', 'processes', 'exclusive'],
} as const

export function foreignOptionErrors(spec: Intent<'job'>['spec'], api: ScnetSettings['jobApi']): readonly SpecError[] {
  const foreign = foreignOptions[api].filter((name) => option(spec, name) !== undefined)
  return foreign.map((name) => ({
    pointer: `/providerOptions/scnet/${name}`,
    detail: `This connection uses the ${api} API for jobs, which has no ${name}.`,
  }))
}

/** An option of `providerOptions.scnet`. */
export function option(spec: Intent['spec'], name: string): unknown {
  return spec.providerOptions?.scnet?.[name]
}
