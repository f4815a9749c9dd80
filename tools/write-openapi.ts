/** Writes docs/openapi.json, the committed copy of what the orchestrator serves: its difference is the API's review. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { openapiDocument } from '../apps/orchestrator/src/faces/docs/document.ts';
import { usualFacts } from '../apps/orchestrator/src/faces/docs/facts.ts';

const filepath = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));
const text = JSON.stringify(openapiDocument(usualFacts));
await writeFile(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
