import { z } from 'zod';
import { fromJson, text } from './types.ts';

/** Models by the names that clients use for them. */
export const aliases = fromJson(z.record(text, text));
