import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { asFailure, ask, queries } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Dialog } from '../../ui/Sheet.tsx';
import { DAYS, emptySchedule, scheduleMistakes, scheduleOf, type ScheduleFields } from './schedule-fields.ts';

/** The form of a schedule; what is wrong is said beside its field. */
export function NewSchedule({ onClose }: { onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const census = useQuery(queries.census());
  const status = useQuery(queries.status());
  const [fields, setFields] = useState<ScheduleFields>(() => emptySchedule(Intl.DateTimeFormat().resolvedOptions().timeZone));
  const [confirm, setConfirm] = useState('');
  const add = useMutation({
    mutationFn: () => ask((c) => c.rekey.addSchedule({ schedule: scheduleOf(fields), ...(confirm === '' ? {} : { confirm }) })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['rekey'] });
      onClose();
    },
  });
  const mistakes = scheduleMistakes(fields);
  const profile = status.data?.profile;
  const confirmed = profile?.production !== true || confirm === profile.name;
  const text = (name: keyof ScheduleFields, label: string, description: string): ReactNode => (
    <TextInput label={label} description={description} value={fields[name]} error={mistakes[name] ?? null} autoComplete="off" spellCheck={false} onChange={(event) => setFields({ ...fields, [name]: event.currentTarget.value })} />
  );
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (Object.keys(mistakes).length === 0 && confirmed) add.mutate();
  };
  const lus = [...new Set((census.data?.rows ?? []).map((row) => row.lu))];
  return (
    <Dialog title="Add a schedule" onClose={onClose} wide>
      <form className="sheet-form" onSubmit={submit}>
        <div className="schedule-fields">
          <NativeSelect
            label="When"
            description="one process of the cluster acts on it"
            value={fields.kind}
            error={mistakes.kind ?? null}
            onChange={(event) => setFields({ ...fields, kind: event.currentTarget.value as ScheduleFields['kind'] })}
            data={[
              { value: 'daily', label: 'every day' },
              { value: 'weekly', label: 'every week' },
              { value: 'cron', label: 'by a cron expression' },
              { value: 'whenever', label: 'whenever a condition holds' },
            ]}
          />
          {fields.kind === 'weekly' ? <NativeSelect label="Day" description="of the week" value={fields.day} data={[...DAYS]} onChange={(event) => setFields({ ...fields, day: event.currentTarget.value as ScheduleFields['day'] })} /> : null}
          {fields.kind === 'daily' || fields.kind === 'weekly' ? text('at', 'Time of day', '24 hours, as 02:30') : null}
          {fields.kind === 'cron' ? text('expression', 'Cron expression', 'minute, hour, day of month, month, day of week') : null}
          {fields.kind === 'whenever' ? text('everyMinutes', 'Look every', 'minutes') : text('zone', 'Time zone', 'as Europe/Berlin')}
        </div>
        <fieldset className="schedule-part">
          <legend>Only if one of these holds (none: always)</legend>
          <div className="schedule-fields">
            {text('oldestDays', 'Oldest generation in use', 'at least so many days old')}
            {text('activeDays', 'Active generation', 'at least so many days old')}
            {text('generationOver', 'Instances of one generation', 'more than this under an older one')}
            {text('nodeOver', 'Instances of one node', 'more than this under older ones')}
            {text('mebibytesOver', 'MiB of one generation', 'more than this sealed')}
          </div>
        </fieldset>
        <div className="schedule-fields">
          <NativeSelect label="Logical Units" description="what is not under the active generation" value={fields.lu} onChange={(event) => setFields({ ...fields, lu: event.currentTarget.value })} data={[{ value: '', label: 'all' }, ...lus.map((lu) => ({ value: lu, label: lu }))]} />
          {text('rate', 'Throttle', 'instances a second; nothing: no limit')}
        </div>
        {profile?.production === true ? <TextInput label={`Type ${profile.name} (the profile) to confirm`} value={confirm} autoComplete="off" spellCheck={false} onChange={(event) => setConfirm(event.currentTarget.value)} /> : null}
        {add.error === null ? null : <FailurePanel failure={asFailure(add.error)} />}
        <div className="dialog-acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={Object.keys(mistakes).length > 0 || !confirmed} loading={add.isPending}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
