/**
 * The gallery: `gallery.html?state=NAME&theme=dark|light` shows one state in the whole window; without a state, the
 * list of all. For development and tests only: it is not part of the app's build.
 */
import '../zod-without-eval.js';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { followTheme } from '../state/theme.js';
import { useSettings } from '../state/settings.js';
import { GalleryWindow } from './GalleryWindow.js';
import { GALLERY_STATES, galleryUrls } from './states.js';
import '@xterm/xterm/css/xterm.css';
import '../tokens.css';
import '../base.css';
import './gallery.css';

const query = new URLSearchParams(window.location.search);
const theme = query.get('theme');
if (theme === 'dark' || theme === 'light') useSettings.setState({ theme });
followTheme();

const state = GALLERY_STATES.find(({ name }) => name === query.get('state'));
const root = document.getElementById('root');
if (root === null) throw new Error('gallery.html has no element #root to draw in');
createRoot(root).render(
  <StrictMode>
    {state === undefined ? (
      <main className="gallery" data-testid="gallery-index">
        <h1>Every state</h1>
        <ul>
          {galleryUrls().map((url) => (
            <li key={url}>
              <a href={url}>{url}</a>
            </li>
          ))}
        </ul>
      </main>
    ) : (
      <GalleryWindow state={state} />
    )}
  </StrictMode>,
);
