/**
 * Who may ask, as far as a browser tells. A page from elsewhere must neither reach the node by a host name that it rebinds
 * to this address (DNS rebinding: the Host header is then the page's), nor send it requests across sites (Origin and
 * Sec-Fetch-Site then say so). Programs send neither of the last two.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { fail, ok, type Result } from '../base/result.ts';

interface OriginError {
  readonly code: 'HOST_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED';
  readonly message: string;
}

/** A check of requests. Allowed hosts: localhost or any IP literal with the port of the connection, and those listed, as
 *  `name` (any port) or `name:port`. */
export function originCheck(allowedHosts: readonly string[]): (request: IncomingMessage) => Result<true, OriginError> {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return (request) => {
    const hosts = request.headersDistinct.host ?? [];
    const host = hosts[0]?.toLowerCase();
    if (host === undefined || hosts.length > 1)
      return fail('HOST_NOT_ALLOWED', 'a request needs exactly one Host header');
    // A target with a host of its own counts more than the header (RFC 9112, 3.2.2): the two have to agree.
    const target = /^[a-z]+:\/\/([^/?#]*)/i.exec(request.url ?? '')?.[1]?.toLowerCase();
    if (target !== undefined && target !== host)
      return fail('HOST_NOT_ALLOWED', `"${target}" is not the Host, "${host}"`);
    if (!isAllowedHost(host, request.socket.localPort, allowed)) {
      return fail('HOST_NOT_ALLOWED', `"${host}" is not a host of this node`);
    }
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return fail('ORIGIN_NOT_ALLOWED', `"${origin}" is not this node's own origin`);
    }
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      return fail('ORIGIN_NOT_ALLOWED', `the browser marks the request as ${site}`);
    }
    return ok(true);
  };
}

function isAllowedHost(host: string, localPort: number | undefined, allowed: ReadonlySet<string>): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::([0-9]{1,5}))?$/.exec(host);
  const name = match?.[1];
  if (name === undefined) return false;
  if (allowed.has(host) || allowed.has(name)) return true;
  const literal = name.startsWith('[') ? isIP(name.slice(1, -1)) === 6 : isIP(name) === 4;
  return (literal || name === 'localhost') && Number(match?.[2] ?? 80) === localPort;
}
