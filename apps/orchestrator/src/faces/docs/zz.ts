import { openapiDocument } from './document.ts';
import { usualFacts } from './facts.ts';
const t=performance.now(); const d=openapiDocument(usualFacts); process.stderr.write(`${performance.now()-t}\n`);
const t2=performance.now(); openapiDocument(usualFacts); process.stderr.write(`${performance.now()-t2}\n`);
process.stdout.write(JSON.stringify(d,null,2));
