import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { Pool } from 'pg'
import { PrismaClient } from '../../src/generated/prisma/client.ts'

// Baseline API: one route that validates and stores. STORE = insert: one named INSERT on a pool. prisma: three creates
// in a transaction.

process.once('disconnect', () => process.exit(0))

const body = Type.Object({
  provider: Type.String(),
  name: Type.String({ maxLength: 64 }),
  script: Type.String({ maxLength: 65_536 }),
  resources: Type.Object({ cpus: Type.Integer({ minimum: 1 }), memoryMiB: Type.Integer({ minimum: 1 }) }),
  labels: Type.Record(Type.String(), Type.String()),
})

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 16 })
const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
const app = Fastify()

type Job = {
  id: string
  provider: string
  name: string
  script: string
  resources: object
  labels: Record<string, string>
}

async function insert(job: Job): Promise<void> {
  await pool.query({
    name: 'insert-job',
    text: 'INSERT INTO bare_jobs (id, provider, name, status, spec, labels) VALUES ($1, $2, $3, $4, $5, $6)',
    values: [
      job.id,
      job.provider,
      job.name,
      'queued',
      JSON.stringify({ script: job.script, resources: job.resources }),
      JSON.stringify(job.labels),
    ],
  })
}

async function createThree(job: Job): Promise<void> {
  const { id, provider, name, labels } = job
  await prisma.$transaction([
    prisma.workloadRow.create({
      data: {
        id,
        projectId: 'bare',
        kind: 'job',
        provider,
        connectionId: 'bare',
        name,
        labels,
        spec: { script: job.script, ...job.resources },
        correlationTag: id,
        status: 'queued',
      },
    }),
    prisma.eventRow.create({
      data: {
        workloadId: id,
        seq: 1,
        id: randomUUID(),
        projectId: 'bare',
        kind: 'job',
        type: 'job.queued',
        data: { status: 'queued' },
      },
    }),
    prisma.idempotencyKeyRow.create({
      data: {
        projectId: 'bare',
        kind: 'job',
        keyHash: Buffer.from(id),
        workloadId: id,
        fingerprint: Buffer.from(id),
        expiresAt: new Date(Date.now() + 86_400_000),
      },
    }),
  ])
}

const store = process.env.STORE === 'prisma' ? createThree : insert
app.get('/readyz', async () => ({}))
app.post('/jobs', { schema: { body } }, async (request, reply) => {
  const job = { id: `job_${randomUUID()}`, ...(request.body as Omit<Job, 'id'>) }
  await store(job)
  return reply.status(202).send({ ...job, status: 'queued', createdAt: new Date() })
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
process.send?.({})
