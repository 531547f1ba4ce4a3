// The port to recordings where they lie: `https:`, `http:`, `s3:`, `file:` and our own uploads.

export type SourceInfo = {
  /** As submitted, normalised; never holds a password (those are refused). */
  uri: string;
  /** File name, such as `talk.mp3`. */
  name: string;
  bytes?: number;
  /** Changes when the content does. Absent where a server tells none. */
  etag?: string;
};

export type ObtainedSource = SourceInfo & {
  /** A local file to read; a `file:` source is read where it lies. */
  path: string;
  bytes: number;
  /** Removes what was downloaded. Idempotent. */
  release: () => Promise<void>;
};

export type ObtainOptions = {
  /** Where downloads lie. */
  folder: string;
  /** Fails with `SOURCE_CHANGED` if the recording is another by now. */
  etag?: string | undefined;
  signal?: AbortSignal;
};

/**
 * All methods throw CodedError `SOURCE_INVALID` (not an address we take), `SOURCE_FORBIDDEN` (outside configured roots,
 * a private network, or refused by the server), `SOURCE_NOT_FOUND`, `SOURCE_TOO_LARGE`, `SOURCE_CHANGED`,
 * `SOURCE_UNAVAILABLE` (retryable), `JOB_CANCELLED` (aborted).
 */
export interface SourceReader {
  /** Checks an address without any I/O: its form, and that it lies inside what is configured. Returns it normalised. */
  check(uri: string): string;
  /** Asks what lies there, without its content. */
  inspect(uri: string, signal?: AbortSignal): Promise<SourceInfo>;
  /** Makes it a local file. */
  obtain(uri: string, options: ObtainOptions): Promise<ObtainedSource>;
  /** One page of the objects under an `s3:` or `file:` prefix (recursive), in key order. */
  list(
    prefix: string,
    options?: { after?: string; limit?: number; signal?: AbortSignal },
  ): Promise<{ items: (SourceInfo & { relativePath: string })[]; next?: string }>;
  close(): Promise<void>;
}
