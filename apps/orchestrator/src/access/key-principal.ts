import { isPriorityName, priorities, type KeyRecord, type Principal } from '@tutti/core';

/** Who asks, if this key was shown. A class that this version does not know allows nothing. */
export function keyPrincipal({ id, name, role, models, classes, modelsWrite }: KeyRecord): Principal {
  return {
    id,
    name,
    role,
    modelsWrite,
    ...(models && { models }),
    ...(classes && { classes: classes.filter(isPriorityName).map((name) => priorities[name]) }),
  };
}
