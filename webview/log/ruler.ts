import { rulerSteps } from '../../src/protocol/logView.ts';

export interface RulerMarks {
  readonly matches: readonly number[];
  readonly errors: readonly number[];
  readonly warnings: readonly number[];
}

/** Where in the view matches, errors and warnings are: a narrow strip beside the rows. */
export class Ruler {
  readonly element = document.createElement('canvas');
  #height = 0;
  #marks: RulerMarks = { matches: [], errors: [], warnings: [] };

  /** `go` gets where it was clicked, from 0 to 1. */
  constructor(go: (share: number) => void) {
    this.element.className = 'log-ruler';
    this.element.setAttribute('aria-hidden', 'true');
    this.element.addEventListener('pointerdown', (event) => {
      go(event.offsetY / Math.max(1, this.element.clientHeight));
    });
  }

  show(marks: Partial<RulerMarks>): void {
    this.#marks = { ...this.#marks, ...marks };
    this.draw();
  }

  /** Draws again if there is more or less room than before. */
  fit(): void {
    if (this.element.clientHeight !== this.#height) {
      this.draw();
    }
  }

  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.#height = height;
    const context = this.element.getContext('2d');
    if (context === null || width === 0) {
      return;
    }
    const scale = globalThis.devicePixelRatio;
    this.element.width = width * scale;
    this.element.height = height * scale;
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const paint = (steps: readonly number[], color: string, x: number, across: number): void => {
      context.fillStyle = style.getPropertyValue(color) || 'gray';
      let last = -1;
      for (const step of steps) {
        const y = Math.floor((step / rulerSteps) * height);
        if (y !== last) {
          context.fillRect(x, y, across, 2);
          last = y;
        }
      }
    };
    paint(this.#marks.warnings, '--vscode-editorOverviewRuler-warningForeground', 0, width / 2);
    paint(this.#marks.errors, '--vscode-editorOverviewRuler-errorForeground', 0, width / 2);
    paint(this.#marks.matches, '--vscode-editorOverviewRuler-findMatchForeground', width / 2, width / 2);
  }
}
