import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { asFailure, ask, queries, saveFile } from '../../api.ts';
import { useTheme, rememberedTheme } from '../../theme/theme.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { SavingContext } from '../../ui/saving.ts';
import { Sentence } from '../../ui/Sentence.tsx';
import { Header } from './Header.tsx';
import { useActivity } from './idle.ts';
import { LockScreen } from './LockScreen.tsx';
import { Navigation } from './Navigation.tsx';
import { isUnread as isUnreadStatus } from './outage.ts';
import { OutagePage } from './OutagePage.tsx';
import { useShortcuts } from './shortcuts.ts';
import { SavedFile } from './SavedFile.tsx';
import { Stale } from './Stale.tsx';
import { StatusBar } from './StatusBar.tsx';
import { useEarlyProof } from './early-proof.ts';
import './frame.css';

const loadPalette = () => import('../palette/Palette.tsx');
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }));
const KeysHelp = lazy(async () => ({ default: (await import('./KeysHelp.tsx')).KeysHelp }));

/** Everything around a page: who and where, the way to every page, the state of the house. */
export function Frame(): ReactNode {
  const client = useQueryClient();
  const status = useQuery(queries.status());
  const host = useQuery(queries.host());
  const preferences = useQuery(queries.preferences());
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  const page = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useTheme(preferences.data?.theme ?? rememberedTheme());
  useActivity();

  useEarlyProof(status.data);

  const lock = useMutation({
    mutationFn: () => ask((c) => c.session.lock()),
    onSettled: () => client.invalidateQueries({ queryKey: ['status'] }),
  });
  const { mutate: lockNow } = lock;
  const goLive = useMutation({
    mutationFn: () => ask((c) => c.session.unlock({})),
    onSettled: () => client.invalidateQueries({ queryKey: ['status'] }),
  });
  const saving = useMutation({ mutationFn: ({ name, content }: { name: string; content: Blob }) => saveFile(name, content) });
  const { mutate: saveNow } = saving;
  const save = useCallback((name: string, content: Blob) => saveNow({ name, content }), [saveNow]);
  const state = status.data?.state;
  // Also while it is asked again, which may take as long as a connection is waited for.
  const isUnread = isUnreadStatus(status);
  const locked = state === 'locked';
  const palette = useCallback(() => setOpen((now) => (locked ? now : 'palette')), [locked]);
  const help = useCallback(() => setOpen('help'), []);
  const close = useCallback(() => setOpen(null), []);
  useShortcuts({ palette, help, lock: lockNow });

  // At leisure, before it is first opened: what is typed while it was being loaded would be lost.
  useEffect(() => {
    const idle = requestIdleCallback(() => void loadPalette());
    return () => cancelIdleCallback(idle);
  }, []);

  // A new page begins at its sentence, also for a reader that is led by focus.
  const section = pathname.split('/')[1];
  const arrived = useRef(section);
  useEffect(() => {
    if (arrived.current !== section) page.current?.focus({ preventScroll: true });
    arrived.current = section;
  }, [section]);

  // What was asked while the profile did not answer has failed with it, and is asked again.
  const answers = !status.isError && !isUnread && state !== 'failed';
  const answered = useRef(answers);
  useEffect(() => {
    if (answers && !answered.current) void client.invalidateQueries();
    answered.current = answers;
  }, [answers, client]);

  const failed = status.data?.state === 'failed' && section !== 'settings';
  return (
    <div className="frame" data-production={status.data?.profile.production === true ? '' : undefined}>
      <a className="skip" href="#page" onClick={(event) => (event.preventDefault(), page.current?.focus())}>
        Skip to the page
      </a>
      <Header status={status.data} isUnread={isUnread} onPalette={palette} onLock={() => lockNow()} lockFailure={lock.error === null ? null : asFailure(lock.error)} />
      <Navigation />
      <main id="page" ref={page} tabIndex={-1} aria-label="Page">
        {isUnread && section !== 'settings' ? (
          <OutagePage failure={status.error === null ? null : asFailure(status.error)} retry={() => void status.refetch()} />
        ) : failed ? (
          <div className="page">
            <Sentence tone="alarm" text={`Profile ${status.data?.profile.name ?? ''} could not go live, so its master keys are not in memory and nothing can be read.`} />
            {status.data?.failure == null ? null : <FailurePanel failure={status.data.failure} retry={() => goLive.mutate()} />}
          </div>
        ) : (
          <SavingContext value={save}>
            {status.error === null || isUnread ? null : <Stale failure={asFailure(status.error)} readAt={status.dataUpdatedAt} retry={() => void status.refetch()} />}
            <Outlet />
          </SavingContext>
        )}
      </main>
      <SavedFile file={saving.data} failure={saving.error === null ? null : asFailure(saving.error)} onDismiss={saving.reset} />
      <StatusBar status={status.data} host={host.data} />
      <Suspense>
        {open === 'palette' && !locked ? <Palette onClose={close} onHelp={help} onLock={() => lockNow()} /> : null}
        {open === 'help' ? <KeysHelp onClose={close} /> : null}
      </Suspense>
      {locked && status.data !== undefined ? <LockScreen status={status.data} /> : null}
    </div>
  );
}
