// Addresses of objects as manifests tell them: `file:` ones percent-encoded, `s3:` ones with the key as it is.

/** The address of a key in the store at `storeUrl`. */
export function formatObjectUrl(storeUrl: string, key: string): string {
  const path = storeUrl.startsWith('file:')
    ? key.split('/').map(encodeURIComponent).join('/')
    : key;
  return `${storeUrl}/${path}`;
}

/** The key that an address names in the store at `storeUrl`; undefined where it lies elsewhere. */
export function parseObjectKey(storeUrl: string, url: string): string | undefined {
  if (!url.startsWith(`${storeUrl}/`)) return undefined;
  const path = url.slice(storeUrl.length + 1);
  try {
    return storeUrl.startsWith('file:') ? path.split('/').map(decodeURIComponent).join('/') : path;
  } catch {
    return undefined;
  }
}
