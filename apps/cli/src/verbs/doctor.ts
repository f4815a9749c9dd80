import type { Command } from 'commander';
import type { ConnectionOptions } from '../connection/connect.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import { startsWithExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { withConnectionOptions, withOutputOptions } from '../on-cluster.ts';
import { colour } from '../output/colour.ts';
import { createOutput, type OutputOptions } from '../output/output.ts';
import { table } from '../output/table.ts';

export function declareDoctor(command: Command): void {
  startsWithExamples(command, 'tutti doctor', 'tutti doctor --json');
  withConnectionOptions(withOutputOptions(command)).action(async (options: ConnectionOptions & OutputOptions) => {
    const output = createOutput(options);
    const findings = await examine(options, process.env);
    const healthy = findings.every(({ status }) => status !== 'broken');
    output.answer({ healthy, findings }, () => describeFindings(findings));
    if (!healthy) process.exitCode = exitCodes.failure;
    else output.next('tutti status');
  });
}

const styles = { ok: 'green', warning: 'yellow', broken: 'red' } as const;

/** A table, and below it what to do, numbered. */
export function describeFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, status, detail }) => [check, colour(styles[status], status), detail]);
  const fixes = findings
    .filter(({ fix }) => fix !== undefined)
    .map(({ check, fix }, i) => `${i + 1}. ${check}: ${fix!.replaceAll('\n', '\n   ')}`);
  return [table(['CHECK', 'STATUS', 'DETAIL'], rows), ...(fixes.length > 0 ? ['', ...fixes] : [])].join('\n');
}
