/** What came of the debates about one kind of task, as the orchestrator counts them. */
interface Tally {
  readonly taskType: string;
  readonly debates: number;
  readonly disputed: number;
  readonly changed: number;
}

/** So many tell something. */
const enough = 10;
/** A part of the debates: fewer that change anything are not worth their rounds. */
const fewest = 0.05;

/** Whether debating pays here, in a sentence; "": nothing is known of it. */
export function tallyText(result: Readonly<Record<string, unknown>> | undefined): string {
  const tally = result?.tally as Tally | undefined;
  if (!tally) return '';
  const { taskType, debates, disputed, changed } = tally;
  const counted = `${debates} here about ${taskType}: in ${disputed} members spoke again, and ${changed} changed the first vote`;
  if (debates < enough || changed >= fewest * debates) return counted;
  return `${counted}. A vote costs less: --pattern ensemble --strategy vote`;
}
