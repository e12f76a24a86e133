import { Type } from '@sinclair/typebox'

const word = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description }))

/** What the portable fields have no word for. */
export const slurmOptions = Type.Object(
  {
    account: word('The account that the job is charged to.'),
    qos: word('The quality of service.'),
    reservation: word('The reservation to run in.'),
    constraints: word('Features that the nodes must have.'),
    gres: word(
      'Further generic resources per node, `name[:type]:count`, several with commas. Accelerators: `resources`.',
    ),
    licenses: word('Licenses, `name:count`, several with commas.'),
    dependency: word('Jobs to wait for, `afterok:1234`.'),
    beginTime: Type.Optional(
      Type.String({
        pattern: '^(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?|now\\+\\d{1,9}(minutes|hours|days|weeks)?)$',
        description: "Not before then: `2027-01-31T18:00:00` in the cluster's own time zone, or `now+2hours`.",
      }),
    ),
    tasksPerNode: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100_000, description: 'Tasks on each node; 1 unless given.' }),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4_294_967_293,
        description:
          "Taken from the cluster's operators and administrators alone: Slurm ignores it, without a word, where `settings.user` is an ordinary user. Use `nice` there.",
      }),
    ),
    nice: Type.Optional(
      Type.Integer({
        minimum: -2_147_483_645,
        maximum: 2_147_483_645,
        description:
          "Lowers the priority by so much. A negative one raises it, and is refused unless `settings.user` is one of the cluster's operators.",
      }),
    ),
    exclusive: Type.Optional(Type.Boolean({ description: 'Whole nodes.' })),
    requeue: Type.Optional(
      Type.Boolean({
        description:
          "Whether it may run again, after a node failed or because somebody requeues it; the cluster's own rule (`JobRequeue`) otherwise.",
      }),
    ),
  },
  { additionalProperties: false },
)
