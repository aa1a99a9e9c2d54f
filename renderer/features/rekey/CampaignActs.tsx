import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { CampaignView } from '../../../app/contract/rekey.ts';
import { asFailure, ask } from '../../api.ts';
import { counted } from '../../format.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Sheet } from '../../ui/Sheet.tsx';

type Verb = 'pause' | 'resume' | 'cancel' | 'retry';

/** Pause, go on here, retry, cancel: as far as the campaign's state allows. */
export function CampaignActs({ campaign }: { campaign: CampaignView }): ReactNode {
  const client = useQueryClient();
  const [cancelling, setCancelling] = useState(false);
  const act = useMutation({
    mutationFn: (verb: Verb): Promise<unknown> => (verb === 'retry' ? ask((c) => c.rekey.retry({ id: campaign.id })) : ask((c) => c.rekey[verb]({ id: campaign.id }))),
    onSettled: () => client.invalidateQueries({ queryKey: ['rekey'] }),
    onSuccess: () => setCancelling(false),
  });
  const { state, here, workers, left } = campaign;
  const ended = state === 'done' || state === 'cancelled' || state === 'failed';
  return (
    <>
      {state === 'running' ? (
        <Button variant="default" loading={act.isPending && act.variables === 'pause'} onClick={() => act.mutate('pause')}>
          Pause
        </Button>
      ) : null}
      {state === 'running' && here === null ? (
        <Button {...(workers.length === 0 ? {} : { variant: 'default' })} loading={act.isPending && act.variables === 'resume'} onClick={() => act.mutate('resume')}>
          {workers.length === 0 ? 'Work on it here' : 'Help here'}
        </Button>
      ) : null}
      {state === 'paused' || state === 'planned' ? (
        <Button loading={act.isPending && act.variables === 'resume'} onClick={() => act.mutate('resume')}>
          Resume
        </Button>
      ) : null}
      {state === 'failed' ? (
        <Button loading={act.isPending && act.variables === 'retry'} onClick={() => act.mutate('retry')}>
          Retry
        </Button>
      ) : null}
      {ended ? null : (
        <Button variant="default" onClick={() => setCancelling(true)}>
          Cancel…
        </Button>
      )}
      {act.error === null || cancelling ? null : <FailurePanel failure={asFailure(act.error)} />}
      {cancelling ? (
        <Sheet
          title="Cancel the campaign"
          happens={<p>Every process that works on it finishes the instances in hand and stops. The campaign ends for good.</p>}
          touches={<p>{counted(left, 'instance')} {left === 1 ? 'stays' : 'stay'} under the older generations, and readable. What was re-encrypted stays so.</p>}
          back={<p>It can not be resumed. A new campaign goes on with what is left; to stop for a while, pause it instead.</p>}
          act="Cancel the campaign"
          leave="Keep the campaign"
          busy={act.isPending}
          failure={act.error === null ? null : asFailure(act.error)}
          onAct={() => act.mutate('cancel')}
          onClose={() => setCancelling(false)}
        />
      ) : null}
    </>
  );
}
