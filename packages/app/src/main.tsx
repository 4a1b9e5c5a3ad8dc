/** Starts the page: what must hold before the first frame, then the app. */
import './zod-without-eval.js';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.js';
import { ErrorBoundary } from './ErrorBoundary.js';
import { followTheme } from './state/theme.js';
import '@xterm/xterm/css/xterm.css';
import './tokens.css';
import './base.css';

followTheme();
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element #root to draw in');
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
