// Names and addresses that only this machine answers to.

/** Whether a host name or address (with or without brackets) is this machine's loopback. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/** The host of a `Host` header, without port; undefined where it is no host. */
export function parseHostHeader(header: string | undefined): string | undefined {
  return header === undefined
    ? undefined
    : /^(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::\d+)?$/i.exec(header)?.[1];
}
