import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The folder, or the nearest one above it that is there already. */
export async function existingFolder(folder: string): Promise<string> {
  const there = await stat(folder).then(
    () => true,
    () => false,
  );
  const above = dirname(folder);
  return there || above === folder ? folder : existingFolder(above);
}
