import * as vscode from 'vscode';

import type { EpochMs } from '../../core/job.ts';
import { formatAge } from '../../core/quantity.ts';
import { codeBlock, oneLine } from '../hostileText.ts';
import type { Health } from './connectionHealth.ts';
import { endsText } from './connectionRow.ts';
import { freeText, stockOf } from './freeAccelerators.ts';

const longestWords = 2_000;
const longestLine = 300;

/** What a row of the Providers view says to somebody who rests on it. Whatever a provider says in it stays plain text. */
export function connectionTooltip(title: string, kind: string, health: Health, now: EpochMs): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  const paragraph = (text: string): void => {
    tooltip.appendText(oneLine(text, longestLine)).appendMarkdown('\n\n');
  };
  tooltip.appendMarkdown('**').appendText(title).appendMarkdown('**\n\n');
  paragraph(kind);
  const { problem, identity, offers, answeredAt } = health;
  if (problem !== null) {
    paragraph(problem.message);
    if (problem.remedy !== null) {
      paragraph(problem.remedy);
    }
    if (problem.raw !== null) {
      tooltip.appendMarkdown(`\n${codeBlock(problem.raw, longestWords)}\n\n`);
    }
  }
  if (identity !== null) {
    const ends = endsText(identity, now);
    const lasts = ends === '' ? '' : ` · ${ends}`;
    paragraph(vscode.l10n.t('Signed in as {0}', `${identity.account}${lasts}`));
  }
  for (const stock of stockOf(offers).slice(0, 8)) {
    const free = freeText(stock);
    paragraph(free === '' ? stock.label : `${stock.label}: ${free}`);
  }
  if (answeredAt !== null) {
    paragraph(vscode.l10n.t('As of {0}', formatAge(Math.max(0, now - answeredAt))));
  }
  return tooltip;
}
