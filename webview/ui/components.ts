import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import type { HTMLAttributes } from 'preact';

/**
 * The component library, behind this one file: the toolkit is no longer maintained upstream, and its successor replaces it
 * here. Only these elements are used.
 */
export function registerComponents(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextArea(),
    vsCodeTextField(),
  );
}

type Props<Own> = HTMLAttributes<HTMLElement> & Own;

interface Field {
  readonly value?: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
}

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'vscode-button': Props<{
        readonly appearance?: 'primary' | 'secondary' | 'icon';
        readonly disabled?: boolean;
        readonly 'aria-label'?: string;
      }>;
      'vscode-checkbox': Props<{ readonly checked?: boolean; readonly disabled?: boolean }>;
      'vscode-dropdown': Props<Field>;
      'vscode-option': Props<{ readonly value?: string; readonly selected?: boolean; readonly disabled?: boolean }>;
      'vscode-progress-ring': Props<object>;
      'vscode-text-area': Props<Field & { readonly rows?: number; readonly resize?: string }>;
      'vscode-text-field': Props<Field & { readonly type?: string }>;
    }
  }
}
