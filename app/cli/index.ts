#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { homeFolder } from '../home.ts';

// Halves the time to the first answer. In our own folder, which other users can not write to, unlike Node's default.
const home = homeFolder();
if (existsSync(home)) enableCompileCache(join(home, 'cache'));

const { runCli } = await import('./run-cli.ts');
process.exit(await runCli(process.argv.slice(2)));
