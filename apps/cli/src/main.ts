#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheFolder } from '@tutti/runtime/folders';

// Compiling is most of what starting costs. What is imported below, and by the processes that this one starts, is
// compiled once and kept.
const compileCache = join(cacheFolder(process.env), 'compiled');
enableCompileCache(compileCache);
process.env.NODE_COMPILE_CACHE ??= compileCache;

const { runCommandLine } = await import('./command-line.ts');
await runCommandLine(process.argv.slice(2));
