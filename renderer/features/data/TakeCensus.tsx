import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { PopoverButton } from '../../ui/PopoverButton.tsx';

const SHARES = [
  { value: '0', label: 'none, headers only' },
  { value: '0.01', label: '1% of the instances' },
  { value: '0.1', label: '10% of the instances' },
  { value: '0.25', label: '25% of the instances' },
  { value: '1', label: 'every instance' },
];

/** Starts a census; how thorough it is to be is asked for first. */
export function TakeCensus({ locked }: { locked: boolean }): ReactNode {
  const client = useQueryClient();
  const [deep, setDeep] = useState(false);
  const [share, setShare] = useState('0.1');
  const take = useMutation({
    mutationFn: () => ask((c) => c.data.takeCensus(deep ? { deep: { share: Number(share) } } : {})),
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  const needsKeys = deep && share !== '0' && locked;
  return (
    <>
      <PopoverButton label="Take census">
        <div className="take-census">
          <p className="quiet">Counts every instance by Logical Unit, generation and node, and keeps the result. It can be paused.</p>
          <label className="take-census-deep">
            <input type="checkbox" checked={deep} onChange={(event) => setDeep(event.currentTarget.checked)} />
            Deep: compare every envelope with its record
          </label>
          {deep ? <NativeSelect label="Authenticate" description="always the same instances for the same share" data={SHARES} value={share} onChange={(event) => setShare(event.currentTarget.value)} /> : null}
          {needsKeys ? <p className="quiet">To authenticate, the console must be unlocked.</p> : null}
          <Button
            disabled={needsKeys}
            onClick={(event) => {
              take.mutate();
              event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
            }}
          >
            Start
          </Button>
        </div>
      </PopoverButton>
      {take.error === null ? null : <FailurePanel failure={asFailure(take.error)} />}
    </>
  );
}
