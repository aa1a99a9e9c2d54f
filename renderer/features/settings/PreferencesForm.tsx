import { NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Preferences } from '../../../app/contract/settings.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';

const THEMES: readonly { readonly value: Preferences['theme']; readonly label: string }[] = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'high-contrast', label: 'High contrast' },
];

const IDLE = [1, 5, 15, 30, 60, 240, 0];

/** How the window looks, and when it locks by itself; kept at once. */
export function PreferencesForm(): ReactNode {
  const client = useQueryClient();
  const preferences = useQuery(queries.preferences());
  const set = useMutation({
    mutationFn: (next: Preferences) => ask((c) => c.preferences.set(next)),
    onMutate: (next) => client.setQueryData(queries.preferences().queryKey, next),
    onSettled: () => client.invalidateQueries({ queryKey: ['preferences'] }),
  });
  return (
    <Answered query={preferences} what="Reading the preferences">
      {(value) => (
        <>
          <fieldset className="themes">
            <legend>Theme</legend>
            {THEMES.map((theme) => (
              <label key={theme.value}>
                <input type="radio" name="theme" value={theme.value} checked={value.theme === theme.value} onChange={() => set.mutate({ ...value, theme: theme.value })} />
                {theme.label}
              </label>
            ))}
          </fieldset>
          <NativeSelect
            className="idle"
            label="Lock after"
            description="Without input for so long, plain keys are zeroed and the window asks again."
            value={String(value.idleMinutes)}
            data={(IDLE.includes(value.idleMinutes) ? IDLE : [value.idleMinutes, ...IDLE]).map((minutes) => ({ value: String(minutes), label: minutes === 0 ? 'Never' : minutes === 1 ? '1 minute' : `${minutes} minutes` }))}
            onChange={(event) => set.mutate({ ...value, idleMinutes: Number(event.currentTarget.value) })}
          />
          {set.error === null ? null : <FailurePanel failure={asFailure(set.error)} />}
        </>
      )}
    </Answered>
  );
}
