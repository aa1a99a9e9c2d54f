import { TextInput } from '@mantine/core';
import {
  columnFilteringFeature,
  columnVisibilityFeature,
  createFilteredRowModel,
  createSortedRowModel,
  filterFn_includesString,
  globalFilteringFeature,
  rowSortingFeature,
  sortFn_alphanumeric,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { counted, figure } from '../format.ts';
import { fitting } from './columns.ts';
import { exportName, toCsv, toJson, type ExportColumn } from './export.ts';
import { useSaving } from './saving.ts';
import { PopoverButton } from './PopoverButton.tsx';
import './table.css';

/** Height of a row in pixels. */
const ROW = 34;

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  filteredRowModel: createFilteredRowModel(),
  filterFns: { includesString: filterFn_includesString },
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric },
  columnVisibilityFeature,
});

export interface TableColumn<Row> {
  readonly id: string;
  readonly header: string;
  /** For sorting, filtering and export. */
  readonly value: (row: Row) => string | number | null;
  /** Where more than the value is shown. */
  readonly cell?: (row: Row) => ReactNode;
  /** A track of CSS grid: `120px`, `minmax(160px, 2fr)`. */
  readonly width: string;
  readonly numeric?: boolean;
  /** Not shown until asked for. */
  readonly hidden?: boolean;
  /** Left out where there is no room for all columns, those with the lowest number first; without it, it stays. */
  readonly yields?: number;
}

export interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: string | undefined;
  /** What the export's file is called; without it there is no export. */
  readonly exportAs?: string;
  readonly empty: ReactNode;
  /** Shown first in the toolbar. */
  readonly tools?: ReactNode;
  readonly filterLabel?: string;
  /** Where main does the searching: the field's text, and what to do when it changes. Without it the rows here are filtered. */
  readonly search?: { readonly text: string; readonly onChange: (text: string) => void };
  readonly sortedBy?: { readonly id: string; readonly desc: boolean };
  /** Asked for more rows when the last ones come into sight. */
  readonly onEnd?: () => void;
  /** Rows there are in all, where not all of them are here yet. */
  readonly total?: number;
}

/** A virtualised table: sortable, filtered with `/`, walked with the arrow keys, exported as CSV or JSON. */
export function DataTable<Row extends object>(props: DataTableProps<Row>): ReactNode {
  const { columns, rows, rowKey, onOpen, selected, onEnd } = props;
  const definitions = useMemo(() => columns.map((column) => definition(column)), [columns]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows as Row[],
    getRowId: rowKey,
    globalFilterFn: 'includesString',
    getColumnCanGlobalFilter: () => true,
    enableSortingRemoval: false,
    initialState: {
      sorting: props.sortedBy === undefined ? [] : [props.sortedBy],
      columnVisibility: Object.fromEntries(columns.map((column) => [column.id, column.hidden !== true])),
    },
  });
  const shown = table.getRowModel().rows;
  const wanted = columns.filter((column) => table.getColumn(column.id)?.getIsVisible() !== false);
  const [active, setActive] = useState(0);
  const scroll = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(Infinity);
  useLayoutEffect(() => {
    const element = scroll.current;
    if (element === null) return undefined;
    setRoom(element.clientWidth);
    const sized = new ResizeObserver(() => setRoom(element.clientWidth));
    sized.observe(element);
    return () => sized.disconnect();
  }, []);
  const visible = fitting(wanted, room);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    getItemKey: (index) => shown[index]?.id ?? index,
    overscan: 10,
    scrollPaddingStart: ROW,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= shown.length - 1 && shown.length > 0) onEnd?.();
  }, [last, shown.length, onEnd]);

  const template = visible.map((column) => column.width).join(' ');
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, to));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / ROW) - 2);
    const steps: Readonly<Record<string, number>> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 };
    const to = steps[event.key];
    const row = shown[active];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && row !== undefined && onOpen !== undefined && event.target instanceof HTMLElement && event.target.role === 'row') onOpen(row.original);
    else return;
    event.preventDefault();
  };
  // Only some of the rows are here: sorting them would put forth the wrong ones.
  const partial = props.total !== undefined && props.total > rows.length;
  const filter = props.search === undefined ? ((table.state.globalFilter as string | undefined) ?? '') : '';

  return (
    <div className="table">
      <div className="table-tools">
        {props.tools}
        <TextInput
          className="table-filter"
          aria-label={props.filterLabel ?? `Filter ${props.label}`}
          placeholder={props.search === undefined ? 'Filter  /' : 'Search  /'}
          data-page-filter=""
          value={props.search?.text ?? filter}
          onChange={(event) => (props.search?.onChange ?? table.setGlobalFilter)(event.currentTarget.value)}
        />
        <span className="quiet table-count" role="status">
          {filter === ''
            ? partial
              ? `${figure(rows.length)} of ${figure(props.total ?? 0)} rows`
              : counted(rows.length, 'row')
            : `${figure(shown.length)} of ${partial ? `the ${figure(rows.length)} rows read so far` : counted(rows.length, 'row')}`}
        </span>
        <span className="spring" />
        <PopoverButton label="Columns">
          <ul className="checks">
            {columns.map((column) => {
              const handle = table.getColumn(column.id);
              const noRoom = wanted.includes(column) && !visible.includes(column);
              return (
                <li key={column.id}>
                  <label>
                    <input type="checkbox" checked={handle?.getIsVisible() !== false} disabled={wanted.length === 1 && wanted[0] === column} onChange={() => handle?.toggleVisibility()} />
                    {column.header}
                    {noRoom ? <span className="quiet">no room now</span> : null}
                  </label>
                </li>
              );
            })}
          </ul>
        </PopoverButton>
        {props.exportAs === undefined ? null : <ExportButton subject={props.exportAs} columns={columns} rows={() => table.getRowModel().rows.map((row) => row.original)} count={shown.length} />}
      </div>
      <div className="table-scroll" ref={scroll} role="grid" aria-label={props.label} aria-rowcount={shown.length + 1} aria-colcount={visible.length} onKeyDown={onKeyDown} tabIndex={shown.length === 0 ? 0 : -1}>
        <div className="table-head" role="rowgroup">
          <div role="row" aria-rowindex={1} className="table-row" style={{ gridTemplateColumns: template }}>
            {visible.map((column) => {
              const sorted = table.getColumn(column.id)?.getIsSorted() ?? false;
              return (
                <div key={column.id} role="columnheader" aria-sort={sorted === false ? 'none' : sorted === 'asc' ? 'ascending' : 'descending'} className={column.numeric === true ? 'number' : ''}>
                  <button type="button" disabled={partial} onClick={() => table.getColumn(column.id)?.toggleSorting()}>
                    {column.header}
                    <span aria-hidden="true" className="sort-mark">
                      {sorted === false ? '' : sorted === 'asc' ? '↑' : '↓'}
                    </span>
                  </button>
                </div>
              );
            })}
          </div>
        </div>
        {shown.length === 0 ? (
          <div role="rowgroup">
            <div role="row" className="table-empty">
              <div role="gridcell">{rows.length === 0 ? props.empty : <p>No row holds “{filter}”.</p>}</div>
            </div>
          </div>
        ) : (
          <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = shown[item.index];
              if (row === undefined) return null;
              const isSelected = selected === row.id;
              return (
                <div
                  key={row.id}
                  role="row"
                  data-index={item.index}
                  aria-rowindex={item.index + 2}
                  aria-selected={isSelected}
                  tabIndex={item.index === active || (active >= shown.length && item.index === 0) ? 0 : -1}
                  className={`table-row ${onOpen === undefined ? '' : 'opens'}`}
                  style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
                  onFocus={() => setActive(item.index)}
                  onClick={() => onOpen?.(row.original)}
                >
                  {visible.map((column) => (
                    <div key={column.id} role="gridcell" className={column.numeric === true ? 'number' : ''}>
                      {column.cell === undefined ? column.value(row.original) : column.cell(row.original)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        )}
      </div>
    </div>
  );
}

/** Offers `rows` as a CSV or JSON file. */
export function ExportButton<Row>({ subject, columns, rows, count }: { subject: string; columns: readonly ExportColumn<Row>[]; rows: () => readonly Row[]; count: number }): ReactNode {
  const saveFile = useSaving();
  const save = (ending: 'csv' | 'json'): void => {
    const text = ending === 'csv' ? toCsv(columns, rows()) : toJson(rows());
    saveFile(exportName(subject, ending, Date.now()), new Blob([text], { type: ending === 'csv' ? 'text/csv' : 'application/json' }));
  };
  return (
    <PopoverButton label="Export">
      <div className="menu">
        <button type="button" onClick={() => save('csv')}>
          CSV, {counted(count, 'row')}
        </button>
        <button type="button" onClick={() => save('json')}>
          JSON, every field
        </button>
      </div>
    </PopoverButton>
  );
}

function definition<Row extends object>(column: TableColumn<Row>): ColumnDef<typeof features, Row> {
  return {
    id: column.id,
    header: column.header,
    accessorFn: column.value,
    sortFn: column.numeric === true ? compareNumbers : 'alphanumeric',
    sortDescFirst: column.numeric === true,
  } as ColumnDef<typeof features, Row>;
}

function compareNumbers(a: { getValue: (id: string) => unknown }, b: { getValue: (id: string) => unknown }, id: string): number {
  return (Number(a.getValue(id)) || 0) - (Number(b.getValue(id)) || 0);
}
