import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { Prisma } from '../../src/generated/prisma/client.ts'

type Cause = ConstructorParameters<typeof DriverAdapterError>[0]

/** An error as Prisma throws it, with one of its own codes. */
export const prismaError = (code: string, meta?: Record<string, unknown>) =>
  new Prisma.PrismaClientKnownRequestError('failed', { code, clientVersion: '7', ...(meta && { meta }) })

/** As Prisma wraps what the adapter makes of the server's or the driver's words. */
export const databaseError = (cause: object) =>
  prismaError('P2010', { driverAdapterError: new DriverAdapterError(cause as Cause) })
