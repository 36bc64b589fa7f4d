/** The paths of the interface, for the server to serve and the client to call. */

export const ROUTES = {
  submit: '/v1/transactions',
  transaction: '/v1/transactions/:id',
  account: '/v1/accounts/:address',
  block: '/v1/blocks/:height',
  status: '/v1/status',
  offences: '/v1/offences',
  events: '/v1/events',
  livez: '/livez',
  readyz: '/readyz',
  openapi: '/openapi.json',
} as const;

export const transactionPath = (id: string): string => ROUTES.transaction.replace(':id', encodeURIComponent(id));
/** `query`: of parameters, without those that are undefined. */
export const accountPath = (address: string, query: Query = {}): string =>
  ROUTES.account.replace(':address', encodeURIComponent(address)) + queryText(query);
export const blockPath = (height: number | 'latest'): string => ROUTES.block.replace(':height', String(height));

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return text === '' ? '' : `?${text}`;
}

/** Path to submit to; `timeoutMs` asks the node to answer when the transaction is final, or at the timeout. */
export const submitPath = (timeoutMs?: number): string =>
  timeoutMs === undefined ? ROUTES.submit : `${ROUTES.submit}?wait=committed&timeout=${timeoutMs}ms`;
