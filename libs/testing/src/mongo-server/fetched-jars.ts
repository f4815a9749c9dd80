import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '@tutti/runtime/folders';

const run = promisify(execFile);
const project = fileURLToPath(new URL('pom.xml', import.meta.url));
const version = '1.47.0';
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const longestFetchMs = 150_000;

/** Folder with the server's jars: fetched with Maven the first time, kept in the user's cache. Rejects if Maven cannot. */
export async function fetchedJars(env: NodeJS.ProcessEnv): Promise<string> {
  const parent = join(cacheFolder(env), 'mongo-java-server');
  const folder = join(parent, version);
  if (existsSync(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const unfinished = await mkdtemp(`${folder}-`);
  try {
    await run('mvn', ['-q', '-B', '-f', project, copyDependencies, `-DoutputDirectory=${unfinished}`], {
      timeout: longestFetchMs,
    });
    await renameUnlessThere(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** Another process may have fetched them at the same time. */
async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
