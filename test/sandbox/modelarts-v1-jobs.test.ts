import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { startModelarts } from './modelarts-sandbox.ts'

const arts = forEachTest(startModelarts, ({ sandbox }) => sandbox.close())

const base = 'v1/training-jobs'
const body = (job_name: string, user_command = 'echo one; echo two') => ({
  job_name,
  config: {
    worker_server_num: 1,
    user_image_url: 'atelier/pytorch:1.8',
    user_command,
    spec_id: 1,
    log_url: '/usr/log/',
  },
})

describe('ModelArts sandbox v1 training job', () => {
  it('is created with numbers as text and read with numbers', async () => {
    const { json } = await arts.call(`POST ${base}`, body('TestModelArtsJob'))
    expect(json).toMatchObject({
      is_success: true,
      job_id: '10',
      status: '1',
      create_time: '1767571200000',
      version_id: '10',
      version_name: 'V0001',
    })
    arts.time.ms += 1000
    expect((await arts.call(`GET ${base}/10/versions/10`)).json).toMatchObject({
      is_success: true,
      job_id: 10,
      status: 10,
      duration: 400,
      user_image_url: 'atelier/pytorch:1.8',
    })
  })

  it('returns is_success false with its errors', async () => {
    await arts.call(`POST ${base}`, body('twice'))
    expect(await arts.call(`POST ${base}`, body('twice'))).toMatchObject({
      status: 400,
      json: { is_success: false, error_message: 'Job name:twice is existed', error_code: 'ModelArts.0103' },
    })
    arts.settings.errorsIn200 = true
    arts.settings.v1ErrorField = 'error_msg'
    expect(await arts.call(`GET ${base}/99/versions/99`)).toMatchObject({
      status: 200,
      json: { is_success: false, error_msg: expect.any(String), error_code: 'ModelArts.0105' },
    })
  })

  it('is stopped, listed by pages from 1, and deleted', async () => {
    for (const name of ['a', 'b', 'c']) await arts.call(`POST ${base}`, body(name, 'sleep 60'))
    expect((await arts.call(`POST ${base}/11/versions/11/stop`)).json).toEqual({ is_success: true })
    arts.time.ms += 1000
    const { json } = await arts.call(`GET ${base}?per_page=2&page=2&order=asc`)
    expect(json).toMatchObject({ job_total_count: 3, jobs: [{ job_id: 12, status: 8 }] })
    expect((await arts.call(`GET ${base}?status=12`)).json.jobs).toMatchObject([{ job_id: 11 }])
    await arts.call(`DELETE ${base}/11`)
    expect((await arts.call(`GET ${base}`)).json.job_total_count).toBe(2)
  })

  it('numbers its log lines beyond double precision', async () => {
    await arts.call(`POST ${base}`, body('logs'))
    arts.time.ms += 1000
    const { json } = await arts.call(`GET ${base}/10/versions/10/log/file-names`)
    expect(json).toEqual({ is_success: true, log_file_list: ['logs.0'] })
    const read = (query: string) => arts.call(`GET ${base}/10/versions/10/aom-log?log_file=logs.0${query}`)
    const { text } = await read('&order=asc&lines=2')
    expect(text).toContain('"start_line":1767571200000000001,')
    expect(text).toContain('"end_line":"1767571200000000002"')
    const next = await read('&order=asc&base_line=1767571200000000002&lines=1')
    expect(next.json).toMatchObject({ content: 'two\n', lines: '1' })
    const previous = await read('&order=desc&base_line=1767571200000000003&lines=1')
    expect(previous.json.content).toBe('one\n')
    expect((await read('&lines=501')).json.error_code).toBe('ModelArts.0104')
  })
})
