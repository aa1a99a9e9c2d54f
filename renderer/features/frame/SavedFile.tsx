import type { ReactNode } from 'react';
import { FailurePanel, type FailureText } from '../../ui/FailurePanel.tsx';

interface Props {
  /** Where the last export lies; null where the user chose no place, undefined where nothing was exported. */
  readonly file: string | null | undefined;
  readonly failure: FailureText | null;
  readonly onDismiss: () => void;
}

/** Tells where an export went, or why it went nowhere, until it is put away. */
export function SavedFile({ file, failure, onDismiss }: Props): ReactNode {
  if (failure === null && (file === undefined || file === null)) return null;
  return (
    <div className="saved-file" role="status">
      {failure === null ? (
        <p>
          Saved <code>{file}</code>
        </p>
      ) : (
        <FailurePanel failure={failure} live={false} />
      )}
      <button type="button" className="tool" onClick={onDismiss}>
        Dismiss
      </button>
    </div>
  );
}
