import * as vscode from 'vscode';

import type { Series } from '../core/metrics/series.ts';
import { curveCaption, curveImage } from './smallCurve.ts';

/** VS Code's own blue of charts; an image knows no theme colours. */
const blue: Readonly<Record<vscode.ColorThemeKind, string>> = {
  [vscode.ColorThemeKind.Light]: '#1a85ff',
  [vscode.ColorThemeKind.Dark]: '#3794ff',
  [vscode.ColorThemeKind.HighContrast]: '#3794ff',
  [vscode.ColorThemeKind.HighContrastLight]: '#1a85ff',
};

/** What a row of the Jobs view says to somebody who rests on it. */
export function jobTooltip(
  lines: readonly string[],
  series: Series | null,
  theme: vscode.ColorThemeKind,
): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(lines.join('\n'));
  const image = series === null ? undefined : curveImage(series, blue[theme]);
  if (series !== null && image !== undefined) {
    tooltip.appendMarkdown('\n\n').appendText(curveCaption(series));
    tooltip.appendMarkdown(`\n\n![](data:image/svg+xml;base64,${Buffer.from(image).toString('base64')})`);
  }
  return tooltip;
}
