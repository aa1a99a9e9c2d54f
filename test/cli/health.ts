import { request } from 'node:http';
import type { Running } from './fkc.ts';

/** What the health endpoint of `fkc rekey serve` answers. */
export interface Health {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Waits until a `fkc rekey serve` tells where its health endpoint is; fails where it ends before. */
export async function healthAddress({ child }: Running): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (piece: Buffer) => {
      text += piece.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/health/.exec(text)?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => reject(new Error(`It ended: ${text}`)));
  });
}

export async function health(address: string, method = 'GET'): Promise<Health> {
  return new Promise((resolve, reject) => {
    request(address, { method }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString())).on('end', () => resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }));
    })
      .once('error', reject)
      .end();
  });
}
