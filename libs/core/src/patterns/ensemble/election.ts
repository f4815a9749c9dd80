import { agreementOf, groupsOf, isDecided, type Ballot, type Group, type Voter } from './ballots.ts';
import { defaultCertainty, isLikelyDecided } from './beta-stop.ts';
import { answerKinds, answerOf, statedAnswer, type AnswerKind, type ClosedAnswer } from './closed-answer.ts';
import { confidencesOf, isConfidenceDecided, type Sampled } from './confidence.ts';

export interface ElectionOptions {
  /** By rank. */
  readonly voters: readonly Voter[];
  /** Undefined: the kind that most voters state. */
  readonly kind?: AnswerKind | undefined;
  /** Whether fewer than half may state the kind: what is said is to be counted, whatever it is. */
  readonly isMixed?: boolean;
  /** "exact": when the rest cannot change the winner; "beta": also when it hardly can; "none": when all have voted. */
  readonly stop: 'exact' | 'beta' | 'none';
  /** Given: the model that agrees most with itself wins, not the answer with most votes. */
  readonly models?: readonly Sampled[] | undefined;
}

/** A vote, while it is counted. */
export interface Election {
  /** What a voter says; undefined: it will say nothing. */
  hear(rank: number, text: string | undefined): void;
  /** The kind of answer that is voted on; undefined: it is not known, or the answers are open. */
  readonly kind: AnswerKind | undefined;
  /** The winner first. */
  readonly groups: readonly Group[];
  readonly winner: Winner | undefined;
  /** Share of the votes that agree with the winner; of the winning model's samples, when models are compared. */
  readonly agreement: number;
  /** Whether those who have not spoken can be spared. */
  readonly decided: boolean;
  answerOf(rank: number): ClosedAnswer | undefined;
}

export interface Winner {
  /** Whose text speaks for the winning answer. */
  readonly rank: number;
  readonly key: string;
}

export function createElection({ voters, kind: given, isMixed = false, stop, models }: ElectionOptions): Election {
  const stated = new Map<number, AnswerKind | undefined>();
  const texts = new Map<number, string>();
  const left = new Set(voters);
  const answers = new Map<number, ClosedAnswer>();
  const ballots: Ballot[] = [];
  let kind = given;

  /** How many must state a kind for it to count. What more than half of all voters state stays so whatever comes. */
  const needed = (): number => {
    if (left.size === 0 && isMixed) return 0;
    return (left.size === 0 || stop === 'beta' ? texts.size : voters.length) / 2;
  };

  const chosenKind = (): AnswerKind | undefined => {
    const said = [...stated.values()];
    const counts = answerKinds.map((kind) => said.filter((one) => one === kind).length);
    const most = Math.max(...counts);
    return most > needed() ? answerKinds[counts.indexOf(most)] : undefined;
  };

  const read = (rank: number): void => {
    const answer = kind === undefined ? undefined : answerOf(texts.get(rank) ?? '', kind);
    if (!answer) return;
    answers.set(rank, answer);
    ballots.push({ ...voters[rank]!, key: answer.key });
  };

  const isEnough = (): boolean => {
    if (left.size === 0) return true;
    if (stop === 'none' || kind === undefined) return false;
    const rest = [...left];
    if (models ? isConfidenceDecided(ballots, rest, models) : isDecided(ballots, rest)) return true;
    return stop === 'beta' && isLikelyDecided(ballots, defaultCertainty(voters.length));
  };

  /** Where the vote stands. */
  const count = (): Omit<Election, 'hear' | 'answerOf'> => {
    const groups = groupsOf(ballots);
    const [first] = groups;
    const decided = isEnough();
    if (models) {
      const [winner] = confidencesOf(ballots, models);
      return { kind, groups, winner, agreement: winner?.confidence ?? 0, decided };
    }
    const winner = first && { rank: first.ranks[0]!, key: first.key };
    return { kind, groups, winner, agreement: agreementOf(groups), decided };
  };

  const vote = (rank: number, text: string | undefined): void => {
    left.delete(voters[rank]!);
    if (text !== undefined) {
      texts.set(rank, text);
      stated.set(rank, statedAnswer(text)?.kind);
    }
    const before = kind;
    kind = given ?? chosenKind();
    if (kind === before) return read(rank);
    answers.clear();
    ballots.length = 0;
    for (const one of texts.keys()) read(one);
  };

  const election: Election = {
    ...count(),
    hear(rank, text) {
      vote(rank, text);
      Object.assign(election, count());
    },
    answerOf: (rank) => answers.get(rank),
  };
  return election;
}
