import type { Candidate } from './lineReading.ts';

const rate = /(?<!\d)\d+%\|[^|]*\|[ \t]*\d+\/\d+[ \t]\[[^\][,]*,[ \t]*(?<value>\d+(?:\.\d*)?)(?<unit>it\/s|s\/it)/du;
const trains = /train|epoch|step|iter|val|eval|test|fit|batch|^[ \t]*$/iu;
const prepares = /load|fetch|token|map|extract|prepro|cach|sav|writ|read|copy|upload|merg|shard|collat|pack/iu;

/**
 * The rate of a tqdm bar, always as `it/s`, if the bar's title says that it trains or says nothing. Bars of downloads and of
 * preparations are no curves.
 */
export function readBarRate(text: string): Candidate | undefined {
  const found = rate.exec(text);
  const [start, end] = found?.indices?.groups?.['value'] ?? [];
  if (found === null || start === undefined || end === undefined) {
    return undefined;
  }
  const title = text.slice(0, found.index);
  if (!trains.test(title) || prepares.test(title)) {
    return undefined;
  }
  const inverse = found.groups?.['unit'] === 's/it';
  return { name: 'it/s', kind: 'metric', span: { start, end }, power: 0, inverse, separated: true, tight: false };
}
