import { infiniteQueryOptions, queryOptions, type QueryClient } from '@tanstack/react-query';
import type { AuditRecordView } from '../app/contract/audit.ts';
import type { Answer } from '../app/contract/channel.ts';
import type { InstanceView, JobView } from '../app/contract/data.ts';
import type { ConsoleEvent } from '../app/contract/events.ts';
import type { Input, KeyConsole } from '../app/contract/index.ts';

declare global {
  interface Window {
    readonly keyConsole?: KeyConsole;
  }
}

/** A request that did not work, with what a person needs: the code, what it means, what to do. */
export class ConsoleFailure extends Error {
  override readonly name = 'ConsoleFailure';
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** Any thrown value as a failure that can be shown. */
export function asFailure(error: unknown): ConsoleFailure {
  if (error instanceof ConsoleFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ConsoleFailure('INTERNAL', `The window met something that it did not foresee: ${text}`, 'Reload the window. If it happens again, report it with what you did.');
}

function bridge(): KeyConsole {
  if (window.keyConsole === undefined) {
    throw new ConsoleFailure('INTERNAL', 'This page was opened outside the console, so it has no way to the keys.', 'Open the console with its own command.');
  }
  return window.keyConsole;
}

/** Makes one request; a refused or failed one is thrown as {@link ConsoleFailure}. */
export async function ask<T>(request: (console: KeyConsole) => Promise<Answer<T>>): Promise<T> {
  const answer = await request(bridge());
  if (answer.ok) return answer.value;
  throw new ConsoleFailure(answer.code, answer.message, answer.remedy);
}

/** How often a profile that does not go live is asked again, in milliseconds: its page recovers by itself. */
const RETRY = 5_000;

const CAMPAIGN_EVERY = 2_000;

/** Every question that a page asks, by the key under which its answer is kept. */
export const queries = {
  host: () => queryOptions({ queryKey: ['host'], queryFn: () => ask((c) => c.session.host()), staleTime: Infinity }),
  status: () => queryOptions({ queryKey: ['status'], queryFn: () => ask((c) => c.session.status()), refetchInterval: (query) => (query.state.status === 'error' || query.state.data?.state === 'failed' ? RETRY : 15_000) }),
  /** Asked only where the status is refused. */
  outage: () => queryOptions({ queryKey: ['outage'], queryFn: () => ask((c) => c.session.outage()), refetchInterval: RETRY }),
  overview: () => queryOptions({ queryKey: ['overview'], queryFn: () => ask((c) => c.overview.get()) }),
  keys: () => queryOptions({ queryKey: ['keys'], queryFn: () => ask((c) => c.keys.list()) }),
  key: (description: string) => queryOptions({ queryKey: ['keys', description], queryFn: () => ask((c) => c.keys.get({ description })) }),
  ring: (description: string) => queryOptions({ queryKey: ['keys', description, 'ring'], queryFn: () => ask((c) => c.cluster.ring({ description })) }),
  nodes: (all = false) => queryOptions({ queryKey: ['nodes', all], queryFn: () => ask((c) => c.cluster.nodes({ all })), refetchInterval: 10_000 }),
  plan: (text: string) => queryOptions({ queryKey: ['command', 'plan', text], queryFn: () => ask((c) => c.command.plan({ text })) }),
  pairs: () => queryOptions({ queryKey: ['command', 'pairs'], queryFn: () => ask((c) => c.command.pairs()), staleTime: 0 }),
  parse: (text: string) => queryOptions({ queryKey: ['command', 'parse', text], queryFn: () => ask((c) => c.command.parse({ text })) }),
  census: () => queryOptions({ queryKey: ['data', 'census'], queryFn: () => ask((c) => c.data.census()) }),
  instance: (lu: string, id: string) =>
    queryOptions({ queryKey: ['data', 'instance', lu, id], queryFn: () => ask((c) => c.data.instance({ lu, id })) }),
  /** Other processes' workers tell nothing unasked: while one may be at work it is looked at again and again. */
  campaigns: () => queryOptions({ queryKey: ['rekey', 'list'], queryFn: () => ask((c) => c.rekey.list()), refetchInterval: (query) => (query.state.data?.campaigns.some((each) => each.state === 'running') === true ? CAMPAIGN_EVERY : 15_000) }),
  campaign: (id: string) => queryOptions({ queryKey: ['rekey', 'campaign', id], queryFn: () => ask((c) => c.rekey.get({ id })), refetchInterval: (query) => (query.state.data?.state === 'running' ? CAMPAIGN_EVERY : false) }),
  schedules: () => queryOptions({ queryKey: ['rekey', 'schedules'], queryFn: () => ask((c) => c.rekey.schedules()), refetchInterval: 15_000 }),
  rekeyPlan: (request: Input<'rekey.plan'>) => queryOptions({ queryKey: ['rekey-plan', request], queryFn: () => ask((c) => c.rekey.plan(request)), gcTime: 0 }),
  campaignFailures: (id: string) =>
    infiniteQueryOptions({
      queryKey: ['rekey', 'failures', id],
      queryFn: ({ pageParam }) => ask((c) => c.rekey.failures({ id, limit: 500, ...(pageParam === undefined ? {} : { after: pageParam }) })),
      initialPageParam: undefined as { lu: string; id: string } | undefined,
      getNextPageParam: (last) => {
        const end = last.failures.at(-1);
        return last.more && end !== undefined ? { lu: end.lu, id: end.id } : undefined;
      },
    }),
  jobs: () => queryOptions({ queryKey: ['jobs'], queryFn: () => ask((c) => c.jobs.list()) }),
  lastActs: () => queryOptions({ queryKey: ['audit', 'last'], queryFn: () => ask((c) => c.audit.list({ limit: 8 })) }),
  auditRecord: (seq: number) => queryOptions({ queryKey: ['audit', 'record', seq], queryFn: () => ask((c) => c.audit.get({ seq })), staleTime: Infinity }),
  /** Not asked again by every new record: reading the whole chain is an act of its own. */
  auditProof: () => queryOptions({ queryKey: ['audit-proof'], queryFn: () => ask((c) => c.audit.verify()), staleTime: 30_000, refetchOnWindowFocus: false }),
  /** Files may change beside the console: they are read again and again while they are looked at. */
  config: () => queryOptions({ queryKey: ['config', 'view'], queryFn: () => ask((c) => c.config.view()), staleTime: 0, refetchInterval: 10_000 }),
  configPlan: (request: Input<'config.plan'>) => queryOptions({ queryKey: ['config-plan', request], queryFn: () => ask((c) => c.config.plan(request)), gcTime: 0, retry: false }),
  /** While a KMS is slow, what it said so far is shown, and the rest soon after. */
  kms: () => queryOptions({ queryKey: ['kms', 'overview'], queryFn: () => ask((c) => c.kms.get()), refetchInterval: (query) => (query.state.data?.asking === true ? 1_000 : 30_000) }),
  kmsKey: (of: Input<'kms.key'>) => queryOptions({ queryKey: ['kms', 'key', of.provider, of.keyId], queryFn: () => ask((c) => c.kms.key({ provider: of.provider, keyId: of.keyId })), retry: false }),
  kmsPlan: (request: Input<'kms.plan'>) => queryOptions({ queryKey: ['kms-plan', request], queryFn: () => ask((c) => c.kms.plan(request)), gcTime: 0, retry: false }),
  awsCredentials: () => queryOptions({ queryKey: ['kms', 'credentials'], queryFn: () => ask((c) => c.kms.credentials()), refetchInterval: 30_000 }),
  regions: () => queryOptions({ queryKey: ['regions', 'audit'], queryFn: () => ask((c) => c.regions.get()) }),
  /** A wrong choice is refused at once. */
  regionOutlook: (request: Input<'regions.whatIf'>) => queryOptions({ queryKey: ['regions', 'what-if', request], queryFn: () => ask((c) => c.regions.whatIf(request)), retry: false }),
  replacementCurrent: () => queryOptions({ queryKey: ['replacement', 'current'], queryFn: () => ask((c) => c.replacement.current()), staleTime: 0 }),
  lastScan: () => queryOptions({ queryKey: ['config', 'scan'], queryFn: () => ask((c) => c.config.lastScan()), refetchInterval: (query) => (query.state.data?.scan?.state === 'running' ? 500 : false) }),
  /** Read anew wherever it is shown: the command line makes profiles too, and tells nobody. */
  profiles: () => queryOptions({ queryKey: ['profiles'], queryFn: () => ask((c) => c.profiles.list()), staleTime: 0 }),
  preferences: () => queryOptions({ queryKey: ['preferences'], queryFn: () => ask((c) => c.preferences.get()) }),
};

/** Asks what the frame and the first page need before anything is drawn, so that the answers come while it is. */
export function askEarly(client: QueryClient): void {
  void client.prefetchQuery(queries.status());
  void client.prefetchQuery(queries.overview());
  void client.prefetchQuery(queries.preferences());
  void client.prefetchQuery(queries.host());
  void client.prefetchQuery(queries.profiles());
  void client.prefetchQuery(queries.jobs());
  void client.prefetchQuery(queries.keys());
  void client.prefetchQuery(queries.lastActs());
}

export type AuditFilter = Pick<Input<'audit.list'>, 'actor' | 'act' | 'search'>;

/** One page of the audit stream, newest first, below `before`. */
export function auditPage(filter: AuditFilter, before: number | undefined): Promise<{ records: AuditRecordView[]; more: boolean; total: number }> {
  return ask((c) => c.audit.list({ ...filter, limit: 200, ...(before === undefined ? {} : { before }) }));
}

/** One page of a Logical Unit's instances in the order of their IDs, after `after`. */
export function instancePage(lu: string, keyDescription: string | undefined, after: string | undefined): Promise<{ instances: InstanceView[]; more: boolean }> {
  return ask((c) => c.data.instances({ lu, limit: 200, ...(keyDescription === undefined ? {} : { keyDescription }), ...(after === undefined ? {} : { after }) }));
}

/** Hands `content` to the user as a file. @returns where it lies; null where the user chose no place. */
export async function saveFile(name: string, content: Blob): Promise<string | null> {
  const base64 = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(asFailure(reader.error));
    reader.readAsDataURL(content);
  });
  return (await ask((c) => c.files.save({ name, base64 }))).file;
}

/** Listens to what main tells unasked. Without a bridge there is nothing to hear. */
export function onConsoleEvent(listener: (event: ConsoleEvent) => void): () => void {
  return window.keyConsole?.events.subscribe(listener) ?? (() => undefined);
}

/** Which answers each kind of change makes old. */
const STALE: Readonly<Record<Extract<ConsoleEvent, { type: 'changed' }>['what'], readonly string[]>> = {
  keys: ['keys', 'overview', 'command', 'status', 'data', 'rekey'],
  data: ['data', 'overview', 'keys', 'status', 'rekey'],
  rekey: ['rekey', 'status'],
  audit: ['audit', 'status'],
  profiles: ['profiles', 'status', 'preferences', 'config', 'regions', 'kms'],
  all: ['keys', 'overview', 'command', 'status', 'data', 'audit', 'profiles', 'preferences', 'jobs', 'rekey', 'config', 'regions', 'kms', 'outage'],
};

/** How long changes are gathered before the pages ask again, in milliseconds: an import reports many a second. */
const GATHER = 300;

/** Keeps the answers in step with main's events; ends with the function that it returns. */
export function keepInStep(client: QueryClient, navigate: (to: string) => void): () => void {
  const stale = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (keys: readonly string[]): void => {
    for (const key of keys) stale.add(key);
    timer ??= setTimeout(() => {
      timer = undefined;
      const gathered = [...stale];
      stale.clear();
      for (const key of gathered) void client.invalidateQueries({ queryKey: [key] });
    }, GATHER);
  };
  const end = onConsoleEvent((event) => {
    if (event.type === 'changed') later(STALE[event.what]);
    else if (event.type === 'status') later(STALE.all);
    else if (event.type === 'navigate') navigate(event.to);
    else if (event.type === 'job') {
      client.setQueryData<{ jobs: JobView[] }>(['jobs'], (known) => ({ jobs: withJob(known?.jobs ?? [], event.job) }));
      if (event.job.state !== 'running') later(['status', 'data', 'overview', 'keys', 'config', 'regions', 'kms']);
    }
  });
  return () => {
    clearTimeout(timer);
    end();
  };
}

function withJob(jobs: readonly JobView[], job: JobView): JobView[] {
  return jobs.some((other) => other.id === job.id) ? jobs.map((other) => (other.id === job.id ? job : other)) : [job, ...jobs];
}
