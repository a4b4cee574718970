import { ProviderError } from '../../../core/providerError.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { ShellScript } from '../host.ts';

/** A script as the login shell is to be given it. */
export interface ScriptCommand {
  /** One command line; it means the same to sh, bash, zsh, fish, csh and tcsh. */
  readonly commandLine: string;
  /** What has to be written to stdin before anything else: what is too long for a command line. */
  readonly preamble: Uint8Array;
}

/** Linux takes no argument of 131,072 bytes or more (MAX_ARG_STRLEN), and sshd hands the whole command line over as one. */
const longestCommandLine = 120_000;

/**
 * A script that is watched over: its process group is ended (TERM, 5 s later KILL) when its channel's stdin ends before it does.
 * sshd itself leaves a command running when its channel is closed. Both of its outputs begin with the line `mark`: what came
 * before is the noise of the login shell's start-up files. Input is given to it in frames (see `inputFrame`).
 */
export function watchedProgram(script: ShellScript, mark: string): string {
  const begin = `printf '%s\\n' ${mark}; printf '%s\\n' ${mark} >&2`;
  return script.input === undefined
    ? lines(begin, `{ (${endGroup(waitForEnd)}) 3<&0; }`, 'exec </dev/null', body(script))
    : lines(begin, `{ (${endGroup(feed)}) 3<&0; } | {`, body(script), '}');
}

/** A script that has its stdin, a terminal, to itself. */
export function plainProgram(script: ShellScript): string {
  return body(script);
}

/** Input, a piece at a time; an empty piece says that it is complete. Input that ends without it ends the script, unfinished. */
export function inputFrame(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
}

/** A POSIX program as a command for whatever login shell there is. */
export function scriptCommand(program: string): ScriptCommand {
  const commandLine = `exec sh -c 'eval "$(printf %b "$1")"' sh '${escaped(program)}'`;
  if (commandLine.length <= longestCommandLine) {
    return { commandLine, preamble: new Uint8Array() };
  }
  // In braces, so that one that arrives in part is a syntax error instead of half a program.
  const preamble = Buffer.from(lines('{', program, '}'));
  return { commandLine: `exec sh -c 'eval "$(head -c ${preamble.length})"'`, preamble };
}

function body({ text, args = [] }: ShellScript): string {
  return lines(`set -- ${args.map(quoted).join(' ')}`, text);
}

function quoted(argument: string): string {
  try {
    return shellQuote(argument);
  } catch (error) {
    throw new ProviderError('invalid', 'A NUL character cannot be part of a command.', { cause: error });
  }
}

/** In the background, no child of the script's shell (`wait` does not see it), with the channel's stdin as its own. */
const endGroup = (work: string): string =>
  `( trap '' TERM HUP PIPE; ${work}; kill -0 $$ || exit; kill -TERM 0; sleep 5; kill -KILL 0 ) <&3 3<&- 2>/dev/null &`;

const waitForEnd = 'exec >/dev/null; while read -r n; do :; done';

/** `head` fails when the script reads no more; then the rest is thrown away. Its stdin is ended only when all has come. */
const feed =
  'while read -r n; do case $n in 0) n=done; break ;; esac; head -c "$n" || { n=done; break; }; n=; done; ' +
  'case $n in done) exec >/dev/null; cat ;; esac';

function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

/** Plain letters, digits and a few signs that no shell minds between single quotes; all else as `printf %b` reads it. */
function escaped(program: string): string {
  return program.replaceAll(/[^A-Za-z0-9 _./:;,@%+=<>()[\]{}|&$"#*?~-]/gsu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join(''),
  );
}
