/** Ids and times that the examples share, so that they are consistent. */
export const ids = {
  job: 'job_01h455vb4pex5vsknk084sn02q',
  environment: 'env_01h455vb4pex5vsknk084sn02q',
  connection: 'conn_01h455vb4pex5vsknk084sn02q',
  event: 'evt_01h455vb4pex5vsknk084sn02q',
  project: 'prj_01h455vb4pex5vsknk084sn02q',
  apiKey: 'key_01h455vb4pex5vsknk084sn02q',
  audit: 'aud_01h455vb4pex5vsknk084sn02q',
  webhookEndpoint: 'whk_01h455vb4pex5vsknk084sn02q',
  webhookDelivery: 'whd_01h455vb4pex5vsknk084sn02q',
} as const

/** A time some seconds after the first one. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 28, 9, 0, seconds)).toISOString()
}

export const cursor = 'WyJsaXN0IiwiZXhhbXBsZSJd'
