import { useEffect, useState } from 'preact/hooks';

/** What a canvas needs to know of the theme. */
export interface ChartTheme {
  readonly lines: readonly string[];
  readonly text: string;
  readonly grid: string;
  /** As CSS says it. */
  readonly font: string;
}

const hues = ['blue', 'orange', 'green', 'purple', 'yellow', 'red'];

function readTheme(): ChartTheme {
  const style = getComputedStyle(document.body);
  const color = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const text = color('--vscode-descriptionForeground', style.color);
  return {
    lines: hues.map((hue) => color(`--vscode-charts-${hue}`, style.color)),
    text,
    grid: translucent(text, 18),
    font: `11px ${style.fontFamily}`,
  };
}

export function translucent(color: string, percent: number): string {
  return `color-mix(in srgb, ${color} ${percent}%, transparent)`;
}

/** The theme, and again when it changes. */
export function useTheme(): ChartTheme {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    const observer = new MutationObserver(() => {
      const next = readTheme();
      // The same attributes are set again and again; charts are made anew for another theme only.
      setTheme((known) => (JSON.stringify(known) === JSON.stringify(next) ? known : next));
    });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
    observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
    return () => {
      observer.disconnect();
    };
  }, []);
  return theme;
}
