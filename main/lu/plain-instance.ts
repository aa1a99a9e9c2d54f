/** An instance in plain. */
export interface PlainInstance {
  readonly id: string;
  readonly image: Uint8Array;
}

/** Plain bytes leave the memory at once: until they are collected, a large import would hold those of thousands. */
export function discard({ image }: Pick<PlainInstance, 'image'>): void {
  image.fill(0);
  if (image.buffer instanceof ArrayBuffer) image.buffer.transfer(0);
}
