import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, type ReactNode } from 'react';
import type { InstanceView } from '../../../app/contract/data.ts';
import { asFailure, instancePage } from '../../api.ts';
import { figure, size } from '../../format.ts';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Time } from '../../ui/Time.tsx';

const COLUMNS: readonly TableColumn<InstanceView>[] = [
  { id: 'id', header: 'Instance', value: (row) => row.id, cell: (row) => <Identifier text={row.id} />, width: 'minmax(120px, 1fr)' },
  { id: 'key', header: 'Key description', value: (row) => row.keyDescription, cell: (row) => <Identifier text={row.keyDescription} />, width: 'minmax(220px, 2fr)' },
  { id: 'bytes', header: 'Size', value: (row) => row.bytes, cell: (row) => size(row.bytes), width: '90px', numeric: true },
  { id: 'revision', header: 'Revision', value: (row) => row.revision, cell: (row) => figure(row.revision), width: '150px', numeric: true, yields: 1 },
  { id: 'saved', header: 'Saved', value: (row) => row.savedAt, cell: (row) => <Time at={row.savedAt} />, width: '130px', numeric: true },
];

/** The instances of a Logical Unit, or of one of its cells; more are fetched as the end comes into sight. */
export function Instances({ lu, keyDescription, total }: { lu: string; keyDescription: string | undefined; total: number }): ReactNode {
  const navigate = useNavigate();
  const pages = useInfiniteQuery({
    queryKey: ['data', 'instances', lu, keyDescription],
    queryFn: ({ pageParam }) => instancePage(lu, keyDescription, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.more ? last.instances.at(-1)?.id : undefined),
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.instances) ?? [], [pages.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (pages.error !== null) return <FailurePanel failure={asFailure(pages.error)} retry={() => void pages.refetch()} />;
  return (
    <DataTable
      label={`Instances of ${lu}`}
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => row.id}
      onOpen={(row) => void navigate({ to: '/data/$lu/$id', params: { lu: row.lu, id: row.id } })}
      exportAs={`instances-${lu}`}
      total={total}
      onEnd={more}
      empty={<p>{pages.isPending ? 'Reading the instances …' : 'No instance is here.'}</p>}
    />
  );
}
