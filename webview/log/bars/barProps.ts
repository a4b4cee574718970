import type { LogToHost } from '../../../src/protocol/logView.ts';
import type { LogCommand } from '../keys.ts';
import type { BarState, LogSettings, Popup } from '../viewerState.ts';

export interface BarActions {
  readonly set: (change: Partial<LogSettings>) => void;
  /** Opens one and closes the others. */
  readonly show: (popup: Popup) => void;
  readonly run: (command: LogCommand) => void;
  /** 0-based. */
  readonly goToLine: (line: number) => void;
  readonly send: (message: LogToHost) => void;
}

export type BarProps = BarState & BarActions;
