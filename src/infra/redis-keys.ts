import type { RedisSettings } from './redis-connection.ts'

/** Prefix of the counts of request rates. */
export const ratePrefix = 'switchyard-rate'

/** BullMQ's default. */
const bullPrefix = 'bull'

/** Prefix of the queue's keys. A cluster executes its scripts only if all keys have one slot, set by the part in braces. */
export const queuePrefixOf = ({ form }: Pick<RedisSettings, 'form'>, prefix = bullPrefix): string =>
  form === 'cluster' ? `{${prefix}}` : prefix
