import { Type } from '@sinclair/typebox'

const word = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description }))

/** Options without a portable field. */
export const slurmOptions = Type.Object(
  {
    account: word('Account charged for the job.'),
    qos: word('Quality of service (QOS).'),
    reservation: word('Reservation to run in.'),
    constraints: word('Required node features.'),
    gres: word(
      'Additional generic resources per node, `name[:type]:count`, comma-separated. For accelerators use `resources`.',
    ),
    licenses: word('Licenses, `name:count`, comma-separated.'),
    dependency: word('Dependencies on other Slurm jobs, such as `afterok:1234`.'),
    beginTime: Type.Optional(
      Type.String({
        pattern: '^(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?|now\\+\\d{1,9}(minutes|hours|days|weeks)?)$',
        examples: ['now+2hours'],
        description: 'Earliest start: `2027-01-31T18:00:00` in the time zone of the cluster, or `now+2hours`.',
      }),
    ),
    tasksPerNode: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100_000, description: 'Tasks per node. Defaults to 1.' }),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4_294_967_293,
        description:
          'Job priority. Effective only if `settings.user` is an operator or administrator of the cluster; Slurm silently ignores it for other users, who can use `nice`.',
      }),
    ),
    nice: Type.Optional(
      Type.Integer({
        minimum: -2_147_483_645,
        maximum: 2_147_483_645,
        description:
          'Priority adjustment: positive values lower the priority. Negative values require that `settings.user` is an operator of the cluster.',
      }),
    ),
    exclusive: Type.Optional(Type.Boolean({ description: 'Allocates whole nodes.' })),
    requeue: Type.Optional(
      Type.Boolean({
        description:
          'Whether the job may be requeued, for example after a node failure. Defaults to `JobRequeue` of the cluster.',
      }),
    ),
  },
  { additionalProperties: false },
)
