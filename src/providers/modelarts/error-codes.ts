import type { ProviderErrorCode } from '../provider-error.ts'

/**
 * Meanings of the vendor's codes, by the digits after `ModelArts.`.
 * Source: https://docs.otc.t-systems.com/modelarts/api-ref/appendix/error_codes.html, except 6401, 6404 and 6407, which
 * are known only from the vendor's Terraform provider and other clients.
 */
const serviceCodes: Partial<Record<ProviderErrorCode, readonly string[]>> = {
  // 0204, 0207, 0210, 0212, 2786: the token has no project, or another one than the path.
  unauthenticated: [
    ...['0201', '0202', '0203', '0204', '0205', '0206', '0207', '0208', '0210', '0212'],
    ...['2784', '2786', '6401', '6620'],
  ],
  // Includes problems of the account: arrears, and the agency or keys in ModelArts' settings.
  permission_denied: [
    ...['0108', '0112', '2771', '2785', '2837', '2838', '6201', '6203', '6407'],
    ...['6319', '6326', '6328', '6350', '6353', '6354', '6376', '6379'],
  ],
  invalid_request: [
    ...['0101', '0102', '0104', '0107'],
    ...['2753', '2754', '2755', '2756', '2757', '2758', '2759', '2760', '2761', '2763', '2764', '2765', '2766', '2767'],
    ...['2768', '2769', '2770', '2773', '2774', '2780', '2781', '2782', '2783', '2787', '2788', '2789', '2790', '2791'],
    ...['2792', '2793', '2802', '2806', '2807', '2808', '2809', '2810', '2811', '2812', '2814', '2816', '2825', '2830'],
    ...['2832', '2834', '2840', '2845', '2854', '2855', '2886', '2890', '2891'],
    ...[
      '6316',
      '6317',
      '6318',
      '6320',
      '6323',
      '6324',
      '6330',
      '6331',
      '6332',
      '6334',
      '6335',
      '6336',
      '6346',
      '6348',
      '6349',
    ],
    ...['6358', '6371', '6400', '6600'],
  ],
  quota_exceeded: ['0113', '0116', '0118', '2815', '2833', '6302'],
  no_capacity: ['2887', '6329', '6355', '6360', '6716'],
  not_found: ['2775', '6309', '6404'],
  // The name is taken (6301, 2751), or the object's state does not allow the action.
  conflict: [
    ...['2751', '2796', '2878', '6301'],
    ...['6304', '6305', '6306', '6307', '6308', '6327', '6333', '6347', '6357'],
  ],
  rate_limited: ['2799', '6101'],
  unsupported: ['2803'],
  timeout: ['6100'],
  // 6361 has HTTP 400 but means an internal error.
  unavailable: ['0010', '6102', '6200', '6361'],
}

/**
 * The API gateway's codes, with the prefix `APIG.` or `APIGW.`. For .0201 only the HTTP status distinguishes a request
 * that is too large from a service that did not respond.
 * Source: https://docs.otc.t-systems.com/api-gateway/umn/published_api_calling/error_codes.html
 */
const gatewayCodes: Readonly<Record<string, ProviderErrorCode>> = {
  '0101': 'unsupported',
  '0301': 'unauthenticated',
  '0302': 'permission_denied',
  '0307': 'unauthenticated',
  '0308': 'rate_limited',
}

const byDigits: ReadonlyMap<string, ProviderErrorCode> = new Map(
  Object.entries(serviceCodes).flatMap(([code, digits]) =>
    digits.map((each) => [each, code as ProviderErrorCode] as const),
  ),
)

/** The meaning of a vendor's code; undefined if it is not documented. */
export function meaningOf(vendorCode: string): ProviderErrorCode | undefined {
  const [, prefix, digits = ''] = /^(ModelArts|APIGW?)\.(\d{4})$/.exec(vendorCode) ?? []
  return prefix === 'ModelArts' ? byDigits.get(digits) : prefix === undefined ? undefined : gatewayCodes[digits]
}

/** The vendor's codes that drivers handle individually. */
export const vendorCodes = {
  /** "Not found" has HTTP 400. 6404 is known only from clients. */
  noSuchInstance: ['ModelArts.6309', 'ModelArts.6404'],
  noSuchJob: ['ModelArts.2775'],
  stopFirst: ['ModelArts.6304'],
  startedAlready: ['ModelArts.6305', 'ModelArts.6306'],
  stoppedAlready: ['ModelArts.6307', 'ModelArts.6308'],
  /**
   * Another operation is in progress, the object is already in the target state, or it is not running: only the state
   * distinguishes them.
   */
  busyOrDone: ['ModelArts.6357', 'ModelArts.6327'],
  notTerminable: ['ModelArts.2796', 'ModelArts.2878'],
  /** The log is not generated yet, cleared, written by an old version, or not exported. */
  noLog: ['ModelArts.2776', 'ModelArts.2818', 'ModelArts.2819', 'ModelArts.2820', 'ModelArts.2822'],
} as const
