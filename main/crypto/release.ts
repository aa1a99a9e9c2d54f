/**
 * Gives the memory of bytes that nobody needs any more back at once. The collector frees a buffer long after its last
 * use: whoever makes two of 9 KiB for each of many instances would write them to ever new memory, out of every cache.
 * The buffer is empty from then on. One that shares its memory with others stays as it is.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength) buffer.transfer(0);
}

/** Zeroes plain bytes, and gives their memory back. */
export function discard(plain: Uint8Array): void {
  plain.fill(0);
  release(plain);
}
