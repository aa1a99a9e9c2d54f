import { beforeEach, expect, it } from 'vitest';
import { codeOf, CONTEXT, wrapNew } from '../../conformance/kms-subject.ts';
import { awsKms, createKey, LIMITS, REGION } from './aws.ts';
import { installLocalStack } from './python-server.ts';
import { useAws } from './use-aws.ts';

/** A multi-Region key has a state and a policy of its own in each Region. */

const AWAY = 'us-west-2';
const aws = useAws(await installLocalStack());

beforeEach(() => aws.proxy.set());

it.each(['disabled', 'waiting for its deletion'])('opens where it was wrapped while the copy of the own Region is %s', async (state) => {
  const primary = await createKey(aws.url, { MultiRegion: true });
  const here = awsKms(primary);
  const there = awsKms(primary, { region: AWAY, limits: LIMITS });
  const wrapped = await wrapNew(here);
  const replica = (await here.acts.replicate?.(primary, AWAY)) ?? '';
  await (state === 'disabled' ? there.acts.disable?.(replica) : there.acts.scheduleDeletion?.(replica, 7));
  expect(await codeOf(there.unwrap(wrapped, CONTEXT))).toBeNull();
  expect(await codeOf(wrapNew(there))).toBe(state === 'disabled' ? 'KMS_KEY_DISABLED' : 'KMS_KEY_PENDING_DELETION');
});

it('opens where it was wrapped while the own Region may not be asked, and says which permission is missing where neither may', async () => {
  const primary = await createKey(aws.url, { MultiRegion: true });
  const there = awsKms(primary, { region: AWAY, limits: LIMITS });
  const wrapped = await wrapNew(awsKms(primary));
  const denied = { kind: 'error', status: 400, type: 'AccessDeniedException' } as const;
  aws.proxy.set({ operation: 'Decrypt', region: AWAY, fault: denied });
  expect(await codeOf(there.unwrap(wrapped, CONTEXT))).toBeNull();
  expect(aws.proxy.passed.map(({ region }) => region)).toEqual([AWAY, REGION]);
  aws.proxy.set({ operation: 'Decrypt', fault: denied });
  expect(await codeOf(there.unwrap(wrapped, CONTEXT))).toBe('KMS_PERMISSION_DENIED');
});
