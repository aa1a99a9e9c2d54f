import { dirname, join } from 'node:path';
import { AppError, isAppError, type Failure } from '../../main/errors.ts';
import { nearest } from '../../main/command/distance.ts';
import { compareConfigs, type AlignedKey } from '../../main/config/compare.ts';
import { unifiedDiff } from '../../main/config/diff.ts';
import { removeKey, setValue } from '../../main/config/edit.ts';
import { readConfigFile, replaceConfigFile, type FileOnDisk } from '../../main/config/file.ts';
import type { Finding } from '../../main/config/finding.ts';
import { lintConfig } from '../../main/config/lint.ts';
import { lintNodes, type NodeFiles } from '../../main/config/lint-nodes.ts';
import { formMistake, isReference, isSecret, KNOWN_SECTIONS, parameterOf, PARAMETERS } from '../../main/config/parameters.ts';
import { configBytes, entriesOf, keyPath, parseConfig, unquoted, valueOf, type ConfigFile } from '../../main/config/parse.ts';
import type { AuditFacts } from '../../main/audit/trail.ts';
import { keystoreEnabled } from '../../main/masterkey/protection.ts';
import type { ConfigView } from '../contract/config.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { viewOf, type ReadConfigs } from './config-view.ts';
import type { Cluster } from './cluster.ts';
import { assertConfirmed } from './keystore.ts';

type ConfigNode = Profile['nodes'][number];

/** What one node's file becomes. */
export interface ConfigChange {
  readonly node: string;
  readonly file: string;
  readonly changed: boolean;
  /** Unified, secrets as dots; empty where nothing changes. */
  readonly diff: string;
}

/** A key to set, and what it will be. */
export interface ConfigSetting {
  /** Empty for keys before any section. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** Nodes of the profile that it concerns; all that are asked for where it is left out. */
  readonly nodes?: readonly string[];
}

/** As {@link ConfigSetting}; null takes the key out of the file. */
export interface ConfigEdit extends Omit<ConfigSetting, 'value'> {
  readonly value: string | null;
}

interface Edit extends ConfigChange {
  readonly old: FileOnDisk;
  readonly before: ConfigFile;
  readonly after: ConfigFile;
}

/** The config.ini of every node of the profile: what is wrong, what differs, and changes to them. */
export class Configs {
  readonly #cluster: Cluster;
  readonly #profiles: Profiles;

  constructor(cluster: Cluster, profiles: Profiles) {
    this.#cluster = cluster;
    this.#profiles = profiles;
  }

  /** Findings of every node's file, and of all together; a file that can not be read is one of them. @throws AppError `CONFIG_NODES_MISSING` */
  async lint(): Promise<readonly Finding[]> {
    return (await this.#read(await this.#nodes())).findings;
  }

  /** Everything a page shows of them; no node at all is no failure here. */
  async view(): Promise<ConfigView> {
    return viewOf(await this.#read((await this.#profiles.get(this.#cluster.profile.name)).nodes));
  }

  async #read(nodes: readonly ConfigNode[]): Promise<ReadConfigs> {
    const { name: profile, fips, keystore } = this.#cluster.profile;
    const keystoreOn = keystore !== null || (await keystoreEnabled(this.#cluster.db));
    const findings: Finding[] = [];
    const read: NodeFiles[] = [];
    const failures = new Map<string, Failure>();
    for (const { name: node, configIni: file } of nodes) {
      try {
        const { bytes, mode } = await readConfigFile(file);
        const files = { node, file, config: parseConfig(bytes), modules: await modulesBeside(file) };
        read.push(files);
        findings.push(...lintConfig(files.config, { file, node, fips, modules: files.modules, keystoreOn, mode: process.platform === 'win32' ? null : mode }));
      } catch (error) {
        if (!isAppError(error)) throw error;
        const { code, message, remedy } = error;
        failures.set(node, { ok: false, code, message, remedy });
        findings.push({ severity: 'critical', code, what: message, where: { file, line: null, key: null, node }, remedy });
      }
    }
    return { profile, nodes: nodes.map(({ name: node, configIni: file }) => ({ node, file, failure: failures.get(node) ?? null })), read, findings: [...findings, ...lintNodes(read)] };
  }

  /** The keys in which nodes differ. @throws AppError `CONFIG_NODES_MISSING`, `FILE_*`, `CONFIG_TOO_LARGE` */
  async compare(): Promise<{ nodes: { node: string; file: string }[]; rows: AlignedKey[] }> {
    const nodes = await this.#nodes();
    const configs = await Promise.all(nodes.map(async ({ name, configIni }) => ({ node: name, config: parseConfig((await readConfigFile(configIni)).bytes) })));
    return { nodes: nodes.map(({ name, configIni }) => ({ node: name, file: configIni })), rows: compareConfigs(configs) };
  }

  /**
   * What {@link set} would change. @param node of the profile; null for all of them
   * @throws AppError `CONFIG_*`, `KEYSTORE_CANNOT_TURN_OFF`, `FILE_*`
   */
  async plan(settings: readonly ConfigEdit[], node: string | null): Promise<ConfigChange[]> {
    return (await this.#edits(settings, node)).map(changeOf);
  }

  /**
   * Sets keys in the files of one node or of all, or takes them out; every file is read and edited before the first one is written.
   * @param confirm the profile's name
   * @throws AppError as {@link plan}; `CONFIRMATION_MISMATCH`, `CONFIG_CHANGED_MEANWHILE`, `CONFIG_BUSY`, `DISK_FULL`,
   * `FILE_WRITE_FAILED`: no file was changed; `CONFIG_SET_PARTLY`: those of `details.changed` were
   */
  async set(settings: readonly ConfigEdit[], node: string | null, confirm: string): Promise<(ConfigChange & { backup: string | null })[]> {
    const keys = settings.map(({ section, key }) => keyPath(section, key));
    return this.#cluster.guarded('config.set', keys.join(' '), { node: node ?? 'all' }, async (note) => {
      assertConfirmed(confirm, this.#cluster.profile.name);
      const edits = await this.#edits(settings, node);
      note(noted(settings));
      const done: (ConfigChange & { backup: string | null })[] = [];
      for (const edit of edits) {
        try {
          done.push({ ...changeOf(edit), backup: edit.changed ? await replaceConfigFile(edit.old, configBytes(edit.after)) : null });
        } catch (error) {
          const changed = done.filter((change) => change.changed).map((change) => change.node);
          note({ changed });
          throw partly(edit.node, changed, error);
        }
      }
      note({ changed: done.filter(({ changed }) => changed).map((change) => change.node) });
      return done;
    });
  }

  async #edits(settings: readonly ConfigEdit[], node: string | null): Promise<Edit[]> {
    const nodes = await this.#nodes(node);
    for (const setting of settings) await this.#assertMaySet(setting);
    const edits = await Promise.all(nodes.map((one) => editOf(one, settings.filter((setting) => setting.nodes?.includes(one.name) ?? true))));
    for (const { section, key, value } of settings) if (value === null) assertThere(edits.map(({ before }) => before), section, key);
    return edits;
  }

  /** @throws AppError `CONFIG_SECRET_IN_PLAIN`, `CONFIG_VALUE_INVALID`, `KEYSTORE_CANNOT_TURN_OFF` */
  async #assertMaySet({ section, key, value }: ConfigEdit): Promise<void> {
    const path = keyPath(section, key);
    if (value === null) return this.#assertKeystoreStays(path, '');
    const plain = unquoted(value);
    // The credential file is named by its path, which is no secret by itself.
    if (isSecret(section, key) && !isReference(plain) && key !== 'CREDENTIAL_FILE') {
      throw new AppError('CONFIG_SECRET_IN_PLAIN', `${path} is a secret: it is not written into a config.ini in plain form. Nothing was changed.`, `Name the environment variable that holds it, as in '\${${key}}', or let it be empty where the node has its own trust.`, { details: { key: path } });
    }
    const parameter = parameterOf(section, key);
    const mistake = parameter === null ? null : formMistake(parameter.form, plain);
    if (mistake !== null) throw new AppError('CONFIG_VALUE_INVALID', `The value of ${path} has the wrong form. Nothing was changed.`, `Correct it: ${mistake}.`, { details: { key: path } });
    await this.#assertKeystoreStays(path, plain);
  }

  async #assertKeystoreStays(path: string, value: string): Promise<void> {
    if (path !== 'MASTERKEY_KEY_STORE_ENABLED' || value === 'true') return;
    if (this.#cluster.profile.keystore === null && !(await keystoreEnabled(this.#cluster.db))) return;
    throw new AppError('KEYSTORE_CANNOT_TURN_OFF', 'The KeyStore of this cluster is on, and can not be turned off: what was saved under it could not be read. Nothing was changed.', 'Let it be on.');
  }

  /** The profile is read anew: nodes may have been added since it was opened. */
  async #nodes(only: string | null = null): Promise<ConfigNode[]> {
    const { name, nodes } = await this.#profiles.get(this.#cluster.profile.name);
    if (nodes.length === 0) {
      throw new AppError('CONFIG_NODES_MISSING', `Profile "${name}" names no node, so that no config.ini is known.`, `Add each node's own: fkc profile node ${name} add NODE --config-ini FILE`);
    }
    const chosen = nodes.filter((node) => only === null || node.name === only);
    if (chosen.length > 0) return chosen;
    throw new AppError('CONFIG_NODE_UNKNOWN', `Profile "${name}" names no node "${only ?? ''}". Nothing was changed.`, `See the list: fkc profile node ${name} list`, { details: { node: only ?? '' } });
  }
}

async function editOf({ name, configIni }: ConfigNode, settings: readonly ConfigEdit[]): Promise<Edit> {
  const old = await readConfigFile(configIni);
  const before = parseConfig(old.bytes);
  let after = before;
  for (const { section, key, value } of settings) {
    if (value === null) {
      after = removeKey(after, section, key);
      continue;
    }
    assertKnown(before, section, key);
    after = setValue(after, section, key, value);
  }
  const changed = !configBytes(after).equals(old.bytes);
  return { node: name, file: old.path, changed, diff: unifiedDiff(before, after, configIni), old, before, after };
}

/** A slip in a name would make a line that has no effect. @throws AppError `CONFIG_KEY_UNKNOWN` */
function assertKnown(file: ConfigFile, section: string, key: string): void {
  if (parameterOf(section, key) !== null || valueOf(file, section, key) !== null) return;
  const known = PARAMETERS.map((parameter) => keyPath(parameter.section, parameter.key));
  const path = keyPath(section, key);
  const meant = nearest(path, KNOWN_SECTIONS.includes(section) ? known.filter((one) => one.startsWith(`${section}.`)) : path.length < 10 ? [] : known);
  if (meant === null && !KNOWN_SECTIONS.includes(section)) return;
  throw new AppError('CONFIG_KEY_UNKNOWN', `${path} is no parameter, and would have no effect. Nothing was changed.`, 'Check the name.', { details: { key: path, suggestion: meant ?? '' } });
}

/** One node may have what another has not; what is a parameter may be gone already. @throws AppError `CONFIG_KEY_UNKNOWN` */
function assertThere(files: readonly ConfigFile[], section: string, key: string): void {
  if (parameterOf(section, key) !== null || files.some((file) => valueOf(file, section, key) !== null)) return;
  const path = keyPath(section, key);
  const there = [...new Set(files.flatMap((file) => entriesOf(file).map((entry) => keyPath(entry.section, entry.key))))];
  throw new AppError('CONFIG_KEY_UNKNOWN', `${path} stands in none of these files. Nothing was changed.`, 'Check the name.', { details: { key: path, suggestion: nearest(path, there) ?? '' } });
}

/** What the audit trail keeps of them; never a secret. */
function noted(settings: readonly ConfigEdit[]): AuditFacts {
  const set = settings.flatMap(({ section, key, value }) => (value === null ? [] : [isSecret(section, key) && !isReference(value) ? '(secret)' : value]));
  const removed = settings.flatMap(({ section, key, value }) => (value === null ? [keyPath(section, key)] : []));
  return { ...(set.length === 0 ? {} : { values: set }), ...(removed.length === 0 ? {} : { removed }) };
}

function changeOf({ node, file, changed, diff }: Edit): ConfigChange {
  return { node, file, changed, diff };
}

function partly(node: string, changed: readonly string[], error: unknown): unknown {
  if (changed.length === 0 || !isAppError(error)) return error;
  return new AppError('CONFIG_SET_PARTLY', `The files of ${changed.join(', ')} were changed; that of ${node} was not: ${error.message} The nodes now differ.`, `${error.remedy} Files that are as they should be are left alone then.`, { details: { node, changed: [...changed], code: error.code }, cause: error });
}

/** A node's modules.ini lies beside its config.ini; where it is not at hand, nothing is said about it. */
async function modulesBeside(configIni: string): Promise<NodeFiles['modules']> {
  const file = join(dirname(configIni), 'modules.ini');
  const found = await readConfigFile(file).catch(() => null);
  return found === null ? null : { file, config: parseConfig(found.bytes) };
}
