/** The mark of a tone: each has a shape of its own, so that none is told by colour alone. */
import type { ReactElement } from 'react';
import type { Tone } from './status-sentences.js';

function shape(tone: Tone): ReactElement {
  switch (tone) {
    case 'good':
      return <circle cx="5" cy="5" r="4" fill="currentColor" />;
    case 'working':
      return (
        <>
          <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M5 1.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />
        </>
      );
    case 'warning':
      return <path d="M5 0.8 9.6 9H0.4z" fill="currentColor" />;
    case 'bad':
      return <path d="M1.5 1.5h7v7h-7z" fill="currentColor" />;
    case 'quiet':
      return <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />;
  }
}

export function StatusMark({ tone }: { readonly tone: Tone }): ReactElement {
  return (
    <svg className="status-mark" data-tone={tone} viewBox="0 0 10 10" aria-hidden="true">
      {shape(tone)}
    </svg>
  );
}
