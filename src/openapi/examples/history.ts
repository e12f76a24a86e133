import { at, cursor, ids } from './ids.ts'

/** Records about jobs and environments: events, attempts, payloads, output. */

const suffixed = (id: string, last: string) => id.slice(0, -1) + last
const queued = (status: string, kind: string) => ({
  ...{ id: ids.event, seq: 1, type: `${kind}.${status}`, at: at(0), data: { status } },
})

export const jobEvent = {
  ...{ id: suffixed(ids.event, 'r'), seq: 4, type: 'job.succeeded', at: at(70) },
  data: { status: 'succeeded', remoteState: 'COMPLETED' },
}
export const jobEvents = { data: [queued('queued', 'job'), jobEvent] }
export const environmentEvent = {
  ...{ id: suffixed(ids.event, 'r'), seq: 4, type: 'environment.running', at: at(9) },
  data: { status: 'running', remoteState: 'ready' },
}
export const environmentEvents = { data: [queued('queued', 'environment'), environmentEvent] }
export const projectEvent = { ...jobEvent, kind: 'job', recordId: ids.job }

/** A message of a stream, as it is sent. */
const message = (id: string | number, data: object) => `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
export const jobMessage = message(jobEvent.seq, jobEvent)
export const environmentMessage = message(environmentEvent.seq, environmentEvent)
export const projectMessage = message(cursor, projectEvent)

export const projectEvents = { data: [projectEvent], endCursor: cursor }

const attempt = {
  ...{
    number: 1,
    correlationTag: 'a1b2c3d4e5f6',
    startedAt: at(0),
    sendBy: at(15),
    endedAt: at(1),
    outcome: 'created',
  },
}
export const jobAttempts = {
  data: [{ ...attempt, scope: { baseUrl: 'https://slurm.example.com', user: 'alice' }, remoteId: '4711' }],
}
export const environmentAttempts = {
  data: [{ ...attempt, scope: { baseUrl: 'https://hub.example.com', username: 'alice' }, remoteId: 'alice/notebook' }],
}
export const jobRemote = {
  ...{ observedAt: at(70), id: '4711', state: 'COMPLETED' },
  payload: { job_id: 4711, name: 'hello', job_state: 'COMPLETED', partition: 'debug', exit_code: 0 },
}
export const environmentRemote = {
  ...{ observedAt: at(9), id: 'alice/notebook', state: 'ready' },
  payload: { name: 'notebook', ready: true, stopped: false, url: '/user/alice/notebook/' },
}
export const logs = { text: 'Epoch 1: loss 0.42\n', links: [] }
export const access = {
  urls: [{ name: 'notebook', url: 'https://hub.example.com/user/alice/notebook/' }],
  ...{ token: 'example-access-token', authorization: 'token example-access-token' },
}

export const resolutions = {
  job: {
    created: { summary: 'It was created', value: { remoteId: '4711' } },
    notCreated: { summary: 'Nothing was created', value: { outcome: 'not_created' } },
    finished: { summary: 'The job has finished', value: { status: 'succeeded' } },
  },
  environment: {
    created: { summary: 'It was created', value: { remoteId: 'alice/notebook' } },
    notCreated: { summary: 'Nothing was created', value: { outcome: 'not_created' } },
  },
}
