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
import type { JSX } from 'preact';

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

type Element<Own> = JSX.HTMLAttributes<HTMLElement> & Own;

interface Field {
  readonly value?: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
}

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'vscode-button': Element<{
        readonly appearance?: 'primary' | 'secondary' | 'icon';
        readonly disabled?: boolean;
        readonly 'aria-label'?: string;
      }>;
      'vscode-checkbox': Element<{ readonly checked?: boolean; readonly disabled?: boolean }>;
      'vscode-dropdown': Element<Field>;
      'vscode-option': Element<{ readonly value?: string; readonly selected?: boolean; readonly disabled?: boolean }>;
      'vscode-progress-ring': Element<object>;
      'vscode-text-area': Element<Field & { readonly rows?: number; readonly resize?: string }>;
      'vscode-text-field': Element<Field & { readonly type?: string }>;
    }
  }
}
