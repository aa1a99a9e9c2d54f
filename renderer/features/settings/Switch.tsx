import type { ReactNode } from 'react';

/** A choice that is on or off, with what it means. */
export function Switch({ label, detail, checked, onChange }: { label: string; detail: string; checked: boolean; onChange: (checked: boolean) => void }): ReactNode {
  return (
    <label className="switch">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>
        <strong>{label}</strong> <span className="quiet">{detail}</span>
      </span>
    </label>
  );
}
