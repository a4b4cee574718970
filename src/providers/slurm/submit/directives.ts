import { refusedLong, shortWithValue } from '../plan/guardedOptions.ts';

/**
 * A program for awk that prints the first option in the `#SBATCH` lines of a batch script that would send the job elsewhere, to nobody, or
 * keep sbatch until its end; nothing when there is none. It splits the lines as sbatch does: blanks, quotes, a comment behind #.
 */
export const refusedDirective = String.raw`
function refused(word,   name, at, letter) {
  if (substr(word, 1, 2) == "--") {
    name = substr(word, 3)
    sub(/=.*/, "", name)
    if (name == "") return 0
    for (at in long) if (index(long[at], name) == 1) return 1
    return 0
  }
  for (at = 2; at <= length(word); at++) {
    letter = substr(word, at, 1)
    if (index("MWhuV", letter)) return 1
    if (index("${shortWithValue}", letter)) { skip = at == length(word); return 0 }
  }
  return 0
}
function take() {
  if (!begun) return 0
  if (skip) skip = 0
  else if (substr(word, 1, 1) == "-" && refused(word)) { print word; return 1 }
  word = ""; begun = 0
  return 0
}
BEGIN { split("${[...refusedLong, 'wait'].join(' ')}", long, " ") }
/^#SBATCH[ \t]/ {
  line = substr($0, 9); word = ""; begun = 0; skip = 0; quote = ""
  for (at = 1; at <= length(line); at++) {
    sign = substr(line, at, 1)
    if (sign == quote) quote = ""
    else if (quote == "" && (sign == "\"" || sign == "'")) { quote = sign; begun = 1 }
    else if (quote == "" && sign == "#") break
    else if (quote == "" && (sign == " " || sign == "\t")) { if (take()) exit }
    else { word = word sign; begun = 1 }
  }
  if (take()) exit
}
`;
