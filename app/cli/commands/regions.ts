import type { Command } from 'commander';
import type { OutlookView, RegionAuditView, RegionFindingView } from '../../contract/regions.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { counted, countedAt, figure, printable, table } from '../text.ts';

interface AuditOptions {
  readonly lost?: string;
  readonly disabled?: string;
}

const LIVE = { whole: 'goes live', partly: 'goes live without older generations', not: 'can not go live' } as const;

/** `fkc regions audit`: needs no key. */
export function addRegions(program: Command, choose: Choose): void {
  const regions = program.command('regions').description('which KMS key is in which region, in what its copies differ, what would be lost');
  regions
    .command('audit')
    .description('ask every KMS, in every region, about every key that a node or a generation names; exit code 1 if something has to be mended')
    .option('--lost <region>', 'also tell what would no longer work without this region')
    .option('--disabled <key>', 'also tell what would no longer work if this KMS key (ID, ARN or alias) were disabled')
    .addHelpText('after', examples('fkc --profile prod regions audit', 'fkc --profile prod regions audit --lost eu-west-1', 'fkc --profile prod regions audit --disabled alias/fabric --json'))
    .action(({ lost, disabled }: AuditOptions) =>
      choose(async (session) => {
        const { regions: audits } = await session.opened();
        const audit = await audits.audit();
        const whatIf = lost === undefined && disabled === undefined ? null : await audits.whatIf({ lost: lost ?? null, disabled: disabled ?? null });
        session.progress.clear();
        return {
          document: { ...audit, ...(whatIf === null ? {} : { whatIf: { lost: lost ?? null, disabled: disabled ?? null, ...whatIf } }) },
          text: auditText(audit) + (whatIf === null ? '' : whatIfText(whatIf, lost ?? null, disabled ?? null)),
          broken: audit.findings.some(({ severity }) => severity !== 'note'),
        };
      }),
    );
}

function auditText({ nodes, keys, regions, findings, requests, throttled }: RegionAuditView): string {
  const uses = nodes.flatMap(({ node, uses: own, whyNot }) => (whyNot === null ? own.map((use) => [node, use.provider, use.region ?? '(surroundings)', use.key, cellOf(keys, use.keyId, use.region)]) : [[node, '', '', '', whyNot.code]]));
  const places = regions.map(({ region, provider, medianMs, whyNot, requests: asked }) => [region, provider, medianMs === null ? '–' : `${medianMs.toFixed(medianMs < 10 ? 1 : 0)} ms`, figure(asked), whyNot === null ? 'answered' : whyNot.code]);
  const copies = keys.map(({ key, provider, regions: own, generations, instances, differs }) => [
    key,
    provider,
    own.map(({ region, exists, state }) => `${region}: ${exists === 'yes' ? (state ?? '') : exists === 'no' ? 'none' : 'unknown'}`).join(', '),
    figure(generations),
    figure(instances),
    differs.map(({ code }) => code).join(' '),
  ]);
  return [
    table(['NODE', 'PROVIDER', 'REGION', 'KEY IN CONFIG.INI', 'THERE'], uses, 'No node names a KMS key.'),
    `\n${table(['REGION', 'PROVIDER', '>ANSWERS IN', '>REQUESTS', ''], places, 'No region was asked.')}`,
    `\n${table(['KMS KEY', 'PROVIDER', 'REGIONS', '>GENERATIONS', '>INSTANCES', 'DIFFERS'], copies, 'No KMS key is named.')}\n`,
    findings.map(findingText).join(''),
    findings.length === 0 ? 'Nothing to be mended.\n' : `${counted(findings.length, 'finding')}.\n`,
    `${counted(requests, 'request')} to KMSs, ${figure(throttled)} throttled.\n`,
  ].join('');
}

/** What stands behind a node's key in the node's own region. */
function cellOf(keys: RegionAuditView['keys'], keyId: string | null, region: string | null): string {
  const key = keys.find((one) => one.key === keyId);
  const copy = key?.regions.find((one) => one.region === region) ?? (key?.multiRegion === false ? key.regions[0] : undefined);
  if (copy === undefined || copy.exists === 'unknown') return 'not known';
  return copy.exists === 'no' ? 'not there' : `${copy.state ?? ''}${copy.region === region ? '' : ` in ${copy.region}`}`;
}

function findingText({ severity, code, what, where, remedy }: RegionFindingView): string {
  const place = [where.key ?? '', where.regions.join(', '), where.nodes.length === 0 ? '' : `(${where.nodes.join(', ')})`].filter((part) => part !== '').join('  ');
  return `${severity.toUpperCase()} ${code}  ${printable(place)}\n  ${printable(what)}\n  ${printable(remedy)}\n`;
}

function whatIfText({ nodes, generations, unreadable, partlyUnreadable, unknown, census }: OutlookView, lost: string | null, disabled: string | null): string {
  const supposed = [lost === null ? '' : `region ${lost} is lost`, disabled === null ? '' : `the key ${disabled} is disabled`].filter((part) => part !== '').join(' and ');
  const rows = nodes.map(({ node, now, then, inLostRegion, cannotActivate }) => [node, LIVE[now], LIVE[then], [inLostRegion ? 'stands there itself' : '', cannotActivate ? 'can not activate' : ''].filter((note) => note !== '').join(', ')]);
  const lostOnes = generations.map(({ description, name, active, lostTo, elsewhere, instances }) => [description, name, active ? 'active' : '', lostTo === 'all' ? 'no node' : 'not every node', elsewhere.join(', ') || '–', figure(instances)]);
  return [
    `\nIf ${printable(supposed)}:\n`,
    table(['NODE THAT STARTS', 'NOW', 'THEN', ''], rows, 'No node could be read.'),
    `\n${table(['GENERATION', 'NAME', '', 'UNWRAPPED BY', 'KEY STILL IN', '>INSTANCES'], lostOnes, 'No generation is lost.')}`,
    `${counted(unreadable, 'instance')} could be read by no node that starts then${partlyUnreadable === 0 ? '' : `, ${counted(partlyUnreadable, 'instance')} not by every one`} (${countedAt(census)}).\n`,
    unknown.nodes === 0 ? '' : `${counted(unknown.nodes, 'node')} could not be read, and ${unknown.nodes === 1 ? 'is' : 'are'} left out of this.\n`,
    unknown.copies === 0 ? '' : `${unknown.copies === 1 ? '1 copy of a KMS key' : `${figure(unknown.copies)} copies of KMS keys`} could not be asked, and ${unknown.copies === 1 ? 'counts' : 'count'} as usable.\n`,
    'Nodes that run now go on with the keys that they hold, until they are started again.\n',
  ].join('');
}
