import { isDeepStrictEqual } from 'node:util';

import * as vscode from 'vscode';

import type { ConnectionInfo } from '../../engine/connections.ts';
import { type BrokenConnection } from './savedConnections.ts';
import { brokenRow, type ConnectionRow, connectionRow } from './connectionRow.ts';
import type { ConnectionHealth } from './connectionHealth.ts';
import { connectionTooltip } from './connectionTooltip.ts';
import { freeText, type RegionStock, type Stock, stockOf } from './freeAccelerators.ts';
import type { ProviderCatalog } from './providerCatalog.ts';

export type ProviderNode =
  | { readonly kind: 'connection'; readonly info: ConnectionInfo }
  | { readonly kind: 'broken'; readonly broken: BrokenConnection }
  | { readonly kind: 'stock'; readonly info: ConnectionInfo; readonly stock: Stock }
  | { readonly kind: 'region'; readonly info: ConnectionInfo; readonly stock: Stock; readonly here: RegionStock }
  | { readonly kind: 'add' };

const likelihoodColor = { now: 'charts.green', wait: 'charts.yellow', unknown: 'disabledForeground', no: 'charts.red' };
const { Collapsed, None } = vscode.TreeItemCollapsibleState;

/** The rows of the Providers view. */
export class ProviderTree {
  readonly #catalog: ProviderCatalog;
  readonly #health: ConnectionHealth;
  #rows: readonly ProviderNode[] = [];

  constructor(catalog: ProviderCatalog, health: ConnectionHealth) {
    this.#catalog = catalog;
    this.#health = health;
  }

  /** The top rows when they are those that were shown last, to be drawn again one by one; undefined when others came or went. */
  get sameRows(): readonly ProviderNode[] | undefined {
    const before = this.#rows;
    const now = this.#roots();
    return now.length === before.length && now.every((row, index) => row === before[index]) ? now : undefined;
  }

  children(node?: ProviderNode): ProviderNode[] {
    switch (node?.kind) {
      case undefined:
        this.#rows = this.#roots();
        return [...this.#rows];
      case 'connection': {
        const { info } = node;
        return stockOf(this.#health.of(info.id).offers).map((stock) => ({ kind: 'stock', info, stock }));
      }
      case 'stock': {
        const { info, stock } = node;
        return hasRegions(stock) ? stock.regions.map((here) => ({ kind: 'region', info, stock, here })) : [];
      }
      case 'broken':
      case 'region':
      case 'add':
        return [];
    }
  }

  /** A row that says the same is the same object: VS Code loses what is selected and pointed at when it is another. */
  #roots(): readonly ProviderNode[] {
    const connections = this.#catalog.list().map((info): ProviderNode => ({ kind: 'connection', info }));
    const broken = this.#catalog.broken().map((one): ProviderNode => ({ kind: 'broken', broken: one }));
    const isAlone = connections.length + broken.length === 1;
    const rows = [...connections, ...broken, ...(isAlone ? [{ kind: 'add' } as const] : [])];
    return rows.map((row) => this.#rows.find((shown) => isDeepStrictEqual(shown, row)) ?? row);
  }

  item(node: ProviderNode): vscode.TreeItem {
    switch (node.kind) {
      case 'connection':
        return this.#connectionItem(node.info);
      case 'broken':
        return rowItem(brokenRow(node.broken), node.broken.id, None);
      case 'stock':
        return stockItem(node.info, node.stock);
      case 'region':
        return regionItem(node.info, node.stock, node.here);
      case 'add':
        return addItem();
    }
  }

  #connectionItem(info: ConnectionInfo): vscode.TreeItem {
    const health = this.#health.of(info.id);
    const now = Date.now();
    const row = connectionRow(info, health, now);
    const item = rowItem(row, info.id, health.offers.length > 0 ? Collapsed : None);
    const kind = this.#catalog.entry(info.providerId)?.label ?? info.providerId;
    item.tooltip = connectionTooltip(info.label, kind, health, now);
    return item;
  }
}

function rowItem(row: ConnectionRow, id: string, state: vscode.TreeItemCollapsibleState): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, state);
  item.id = id;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(row.icon, row.color === null ? undefined : new vscode.ThemeColor(row.color));
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.accessibleLabel };
  item.tooltip = `${row.label}\n${row.description}`;
  return item;
}

/** Parts are worth rows of their own when there are several. */
function hasRegions({ regions }: Stock): boolean {
  return regions.length > 1;
}

function stockItem(info: ConnectionInfo, stock: Stock): vscode.TreeItem {
  const [only] = stock.regions;
  const place = hasRegions(stock) ? vscode.l10n.t('{0} places', stock.regions.length) : (only?.region ?? '');
  const free = freeText(stock) || (only?.note ?? '');
  const counts = stock.name === '' ? '' : countsText(stock.counts);
  const item = stockLike(stock.label, [free, place, counts], stock.likelihood);
  item.id = `${info.id}/${stock.name}`;
  item.collapsibleState = hasRegions(stock) ? Collapsed : None;
  return item;
}

function regionItem(info: ConnectionInfo, stock: Stock, here: RegionStock): vscode.TreeItem {
  const item = stockLike(here.region ?? vscode.l10n.t('anywhere'), [freeText(here) || here.note], here.likelihood);
  item.id = `${info.id}/${stock.name}/${here.region ?? ''}`;
  return item;
}

function stockLike(label: string, facts: readonly string[], likelihood: Stock['likelihood']): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  const description = facts.filter((fact) => fact !== '').join(' · ');
  item.description = description;
  item.iconPath = new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor(likelihoodColor[likelihood]));
  item.contextValue = 'accelerator';
  item.accessibilityInformation = { label: `${label}, ${description}` };
  item.tooltip = `${label}\n${description}`;
  return item;
}

function countsText(counts: readonly number[]): string {
  const most = counts.at(-1) ?? 0;
  return counts.length === 1 ? vscode.l10n.t('{0} per node', most) : vscode.l10n.t('up to {0} per node', most);
}

function addItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Add a cluster or cloud…'));
  item.id = 'add';
  item.iconPath = new vscode.ThemeIcon('add');
  item.command = { command: 'aloft.addProvider', title: vscode.l10n.t('Add Provider…') };
  return item;
}
