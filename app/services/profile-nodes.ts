import { AppError } from '../../main/errors.ts';
import { readConfigFile } from '../../main/config/file.ts';
import { wholePath } from '../home.ts';
import { NODE_NAME, type Profile, type Profiles } from '../profiles.ts';

/**
 * Keeps in the profile where a node's config.ini is; the first node is this machine's.
 * @throws AppError `PROFILE_UNKNOWN`, `INPUT_INVALID`, `CONFIG_NODE_EXISTS`, `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `CONFIG_TOO_LARGE`
 */
export async function addNode(profiles: Profiles, profileName: string, node: string, configIni: string): Promise<Profile> {
  const profile = await profiles.get(profileName);
  if (!NODE_NAME.test(node)) {
    throw new AppError('INPUT_INVALID', `"${node}" is no name of a node. The profile was not changed.`, 'A name has letters, digits, ".", "_" and "-", and begins with a letter or digit.');
  }
  if (profile.nodes.some(({ name }) => name === node)) {
    throw new AppError('CONFIG_NODE_EXISTS', `Profile "${profileName}" has a node "${node}" already; it was not changed.`, 'Choose another name, or remove that one first.', { details: { node } });
  }
  const file = wholePath(configIni);
  await readConfigFile(file);
  const changed = { ...profile, nodes: [...profile.nodes, { name: node, configIni: file }] };
  await profiles.save(changed);
  return changed;
}

/** Forgets a node; its files stay. @throws AppError `PROFILE_UNKNOWN`, `CONFIG_NODE_UNKNOWN` */
export async function removeNode(profiles: Profiles, profileName: string, node: string): Promise<Profile> {
  const profile = await profiles.get(profileName);
  const nodes = profile.nodes.filter(({ name }) => name !== node);
  if (nodes.length === profile.nodes.length) {
    throw new AppError('CONFIG_NODE_UNKNOWN', `Profile "${profileName}" names no node "${node}"; it was not changed.`, `See the list: fkc profile node ${profileName} list`, { details: { node } });
  }
  const changed = { ...profile, nodes };
  await profiles.save(changed);
  return changed;
}
