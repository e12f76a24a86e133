import { type Static, Type } from '@sinclair/typebox'
import { mapOf } from '../../vocabulary/map-of.ts'

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 2048, description }))
const texts = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), { maxItems: 200, description }))
const pairs = (key: string, description: string) =>
  Type.Optional(mapOf(key, Type.String({ maxLength: 1024 }), { maxProperties: 32, description }))

/** Parts of Ray's `runtime_env`. https://docs.ray.io/en/latest/ray-core/handling-dependencies.html#api-reference */
export const runtimeEnvFields = {
  workingDir: text('URI of a zip archive that becomes the working directory, such as `s3://bucket/code.zip`.'),
  pyModules: texts('URIs of Python modules.'),
  pip: texts('Packages that pip installs, such as `requests==2.32.3`. Excludes `uv` and `conda`.'),
  uv: texts('Packages that uv installs. Excludes `pip` and `conda`.'),
  conda: text('Name of a conda environment that exists on the nodes. Excludes `pip` and `uv`.'),
  setupTimeoutSeconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 86_400, description: 'Time limit of the setup; 600 seconds by default.' }),
  ),
}

/** Options without a portable field. */
export const rayOptions = Type.Object(
  {
    runtimeEnv: Type.Optional(
      Type.Object(runtimeEnvFields, {
        additionalProperties: false,
        description: 'Runtime environment. Keys replace those of the connection. Excludes `image`.',
      }),
    ),
    resources: Type.Optional(
      mapOf('^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$', Type.Number({ minimum: 0.0001, maximum: 1_000_000 }), {
        maxProperties: 32,
        description:
          'Custom resources of the entrypoint. Names begin with a letter or `_`, such as `licenses`. For CPUs, memory and accelerators use `resources`.',
        examples: [{ licenses: 1 }],
      }),
    ),
    labelSelector: pairs(
      '^[A-Za-z0-9_./-]{1,128}$',
      'Labels of the node that runs the entrypoint, such as `ray.io/market-type: spot`. Requires Ray 2.50 or newer.',
    ),
    metadata: pairs(
      '^[A-Za-z0-9_.-]{1,64}$',
      'Additional metadata of the job. Keys have up to 64 letters, digits, `_`, `.` and `-`, such as `team`. `job_name` and `description` are reserved.',
    ),
  },
  { additionalProperties: false },
)

export type RayOptions = Static<typeof rayOptions>
export type RuntimeEnvOptions = NonNullable<RayOptions['runtimeEnv']>
