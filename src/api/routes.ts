/** The paths of the interface, for the server to serve and the client to call. */

export const ROUTES = {
  submit: '/v1/transactions',
  transaction: '/v1/transactions/:id',
  account: '/v1/accounts/:address',
  block: '/v1/blocks/:height',
  // What is named by the rest of a path may have slashes: so what is asked of it stands before it, and never after it.
  namespace: '/v1/namespaces/:name',
  entries: '/v1/namespaces/:name/keys',
  entry: '/v1/namespaces/:name/keys/*',
  history: '/v1/namespaces/:name/history/*',
  counter: '/v1/namespaces/:name/counters/*',
  set: '/v1/namespaces/:name/sets/*',
  validators: '/v1/validators',
  validator: '/v1/validators/:index',
  evidence: '/v1/validators/:index/evidence',
  epoch: '/v1/epochs/current',
  handOver: '/v1/epochs/:epoch/handover',
  proposals: '/v1/proposals',
  proposal: '/v1/proposals/:id',
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

export const namespacePath = (name: string, query: Query = {}): string =>
  ROUTES.namespace.replace(':name', encodeURIComponent(name)) + queryText(query);
export const entriesPath = (name: string, query: Query = {}): string =>
  ROUTES.entries.replace(':name', encodeURIComponent(name)) + queryText(query);
/** Of what has a key in a namespace. */
export const keyPath = (
  route: 'entry' | 'history' | 'counter' | 'set',
  { namespace, key }: { readonly namespace: string; readonly key: string },
  query: Query = {},
): string =>
  `${ROUTES[route].slice(0, -1).replace(':name', encodeURIComponent(namespace))}${encodeURIComponent(key)}${queryText(query)}`;

export const validatorsPath = (query: Query = {}): string => ROUTES.validators + queryText(query);
export const validatorPath = (index: number, query: Query = {}): string =>
  ROUTES.validator.replace(':index', String(index)) + queryText(query);
export const evidencePath = (index: number): string => ROUTES.evidence.replace(':index', String(index));
export const epochPath = (query: Query = {}): string => ROUTES.epoch + queryText(query);
export const handOverPath = (epoch: number): string => ROUTES.handOver.replace(':epoch', String(epoch));
export const proposalsPath = (query: Query = {}): string => ROUTES.proposals + queryText(query);
export const proposalPath = (id: number, query: Query = {}): string =>
  ROUTES.proposal.replace(':id', String(id)) + queryText(query);

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return text === '' ? '' : `?${text}`;
}

/** `filter`: parameters beside the types, which a comma may part as it is (RFC 3986, 3.4). */
export function eventsPath(types: readonly string[], filter: Query = {}): string {
  const query = queryText(filter);
  return `${ROUTES.events}${query === '' ? '?' : `${query}&`}types=${types.join(',')}`;
}

/** Path to submit to; `timeoutMs` asks the node to answer when the transaction is final, or at the timeout. */
export const submitPath = (timeoutMs?: number): string =>
  timeoutMs === undefined ? ROUTES.submit : `${ROUTES.submit}?wait=committed&timeout=${timeoutMs}ms`;
