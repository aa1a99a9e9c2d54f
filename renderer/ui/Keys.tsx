import type { ReactNode } from 'react';

const mac = navigator.platform.startsWith('Mac');

/** The name of the command key on this machine. */
export const MOD = mac ? '⌘' : 'Ctrl';

/** A combination of keys, as they are written on the keyboard. */
export function Keys({ keys }: { keys: readonly string[] }): ReactNode {
  return (
    <span className="keys">
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
