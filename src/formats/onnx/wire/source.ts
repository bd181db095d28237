/** Anything that can read a range: a file, a buffer, a document with splices over it. */
export interface ByteSource {
  readonly size: number;
  /** Bytes `[start, end)`; may share memory with the source. Throws RangeError beyond the end. */
  read(start: number, end: number): Uint8Array;
  /** Where in the *original* file the range stands, when it stands there unchanged and in one piece. */
  originOf(start: number, end: number): ByteOrigin | undefined;
}

export interface ByteOrigin {
  readonly file: string;
  readonly offset: number;
  /** Tells apart what stood at one path at different times. */
  readonly revision?: string;
}
