import { timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, type Clock, type KeyRecord, type KeyRepository } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import { keyHmac, mintKey, parseKey, type KeyParts } from './key-text.ts';
import { keepSecretFile, readSecretFile } from './secret-file.ts';

/** What a key is made from. */
export type KeyFacts = Omit<KeyRecord, 'id' | 'hmac' | 'createdAt'>;

/** All keys, in memory: to check one costs no wait. */
export interface KeyRing {
  /** The key that the text is, if it holds now. Takes the same time whether there is one of that id or not. */
  verify(text: string): KeyRecord | undefined;
  /** The key of that id, if it holds now. */
  find(id: string): KeyRecord | undefined;
  /** All keys, expired ones included, oldest first, fresh from the store. */
  list(): Promise<KeyRecord[]>;
  /** Makes a key. `text` is nowhere else. */
  make(facts: KeyFacts): Promise<{ readonly key: KeyRecord; readonly text: string }>;
  /** Ends a key at once; undefined if there is none of that id. */
  revoke(id: string): Promise<KeyRecord | undefined>;
  /** The admin key, if this start has made it: to be shown once. */
  readonly firstAdminKey: string | undefined;
  close(): void;
}

interface Options {
  /** The data folder: files `key-secret` and `admin-key`. */
  readonly folder: string;
  readonly repository: KeyRepository;
  /** Whether other machines can come, so that there must be an admin key. */
  readonly exposed: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** What other orchestrators change in the store is seen after this: one who is shut out at one is soon so at all. */
const refreshMs = 1_000;

/**
 * Reads the keys, and goes on reading them; while the store is away, the last ones hold. The key in the file `admin-key`
 * holds whatever the store says; it is made if other machines can come and nobody has an admin's key.
 */
export async function openKeyRing({ folder, repository, exposed, clock, log }: Options): Promise<KeyRing> {
  const { text: serverSecret } = await keepSecretFile(join(folder, 'key-secret'), () => mintKey().secret);
  if (!/^[\w-]{43}$/.test(serverSecret)) throw damaged('key-secret');
  const nobody = keyHmac(serverSecret, mintKey().secret);
  const adminPath = join(folder, 'admin-key');

  let stored: ReadonlyMap<string, KeyRecord> = new Map();
  let adminKey: KeyRecord | undefined;
  let changes = 0;
  let away = false;
  let stopTimer = (): void => {};
  let closed = false;

  const get = (id: string): KeyRecord | undefined => (id === adminKey?.id ? adminKey : stored.get(id));
  const holds = ({ expiresAt = Infinity }: KeyRecord): boolean => clock.wallTime() < expiresAt;
  const recordOf = ({ id, secret }: KeyParts, facts: KeyFacts, createdAt: number): KeyRecord => {
    return { ...facts, id, hmac: keyHmac(serverSecret, secret).toString('hex'), createdAt };
  };
  const replace = (id: string, key?: KeyRecord): void => {
    const copy = new Map(stored);
    if (key) copy.set(id, key);
    else copy.delete(id);
    stored = copy;
    changes += 1;
  };

  /** An answer of the store that is older than a change made here is asked for again. */
  const refresh = async (): Promise<void> => {
    let keys: KeyRecord[];
    let before: number;
    do {
      before = changes;
      keys = await repository.list();
    } while (before !== changes);
    stored = new Map(keys.map((key) => [key.id, key]));
  };

  const refreshOrKeep = async (): Promise<void> => {
    try {
      await refresh();
      if (away) log.info('keys can be read again');
      away = false;
    } catch (error) {
      if (!away) log.warn('keys cannot be read; those that were read last hold', { error });
      away = true;
    }
  };

  const refreshLater = (): void => {
    stopTimer = clock.after(refreshMs, () => {
      void refreshOrKeep().then(() => {
        if (!closed) refreshLater();
      });
    });
  };

  const openAdminKey = async (): Promise<string | undefined> => {
    const wanted = exposed && ![...stored.values()].some((key) => key.role === 'admin' && holds(key));
    const file = wanted
      ? await keepSecretFile(adminPath, () => mintKey().text)
      : { text: await readSecretFile(adminPath), made: false };
    if (file.text === undefined) return undefined;
    const parts = parseKey(file.text);
    if (!parts) throw damaged('admin-key');
    const { mtimeMs } = await stat(adminPath);
    adminKey = recordOf(parts, { name: 'admin', role: 'admin', modelsWrite: true }, Math.floor(mtimeMs));
    return file.made ? file.text : undefined;
  };

  await refreshOrKeep();
  const firstAdminKey = await openAdminKey();
  refreshLater();

  return {
    verify(text) {
      const parts = parseKey(text);
      const key = parts && get(parts.id);
      const shown = keyHmac(serverSecret, parts?.secret ?? '');
      const kept = key ? Buffer.from(key.hmac, 'hex') : nobody;
      const same = kept.length === shown.length && timingSafeEqual(kept, shown);
      return key && same && holds(key) ? key : undefined;
    },
    find(id) {
      const key = get(id);
      return key && holds(key) ? key : undefined;
    },
    async list() {
      await refresh();
      const keys = adminKey ? [adminKey, ...stored.values()] : [...stored.values()];
      return keys.toSorted((a, b) => a.createdAt - b.createdAt);
    },
    async make(facts) {
      const { text, ...parts } = mintKey();
      const key = recordOf(parts, facts, clock.wallTime());
      await repository.add(key);
      replace(key.id, key);
      return { key, text };
    },
    async revoke(id) {
      if (id === adminKey?.id) throw standsInFile();
      const key = await repository.remove(id);
      replace(id);
      return key;
    },
    firstAdminKey,
    close() {
      closed = true;
      stopTimer();
    },
  };
}

function damaged(file: string): ClusterError {
  return new ClusterError(
    'failed_precondition',
    `The file ${file} in the data folder is damaged. Restore it, or remove it to have a new one made.`,
  );
}

function standsInFile(): ClusterError {
  return new ClusterError(
    'failed_precondition',
    'This key stands in the file admin-key of the data folder. To end it, remove that file and start again.',
  );
}
