import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { Prisma } from '../../src/generated/prisma/client.ts'

type Cause = ConstructorParameters<typeof DriverAdapterError>[0]

/** Prisma error with a Prisma error code. */
export const prismaError = (code: string, meta?: Record<string, unknown>) =>
  new Prisma.PrismaClientKnownRequestError('failed', { code, clientVersion: '7', ...(meta && { meta }) })

/** Prisma error that wraps an error of the server or the driver. */
export const databaseError = (cause: object) =>
  prismaError('P2010', { driverAdapterError: new DriverAdapterError(cause as Cause) })
