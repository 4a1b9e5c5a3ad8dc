/** The settings: theme, the terminal's font, what Shift+Enter sends, the terminal for screen readers. Applied at once. */
import { useId, useRef, useState, type ReactElement } from 'react';
import { MAX_FONT_FAMILY_LENGTH, MAX_FONT_SIZE, MIN_FONT_SIZE } from '../limits.js';
import { boundedFontSize, useSettings } from '../state/settings.js';
import { Overlay } from './Overlay.js';

type Props = { readonly onClose: () => void; readonly onClosed: () => void };

export function SettingsDialog({ onClose, onClosed }: Props): ReactElement {
  const settings = useSettings();
  const id = useId();
  const first = useRef<HTMLSelectElement>(null);
  const [size, setSize] = useState(String(settings.fontSize));
  return (
    <Overlay testId="settings" title="Settings" initialFocus={first} onClose={onClose} onClosed={onClosed}>
      <div className="setting">
        <label htmlFor={`${id}-theme`}>Theme</label>
        <select
          ref={first}
          id={`${id}-theme`}
          className="field"
          value={settings.theme}
          onChange={(event) => {
            const { value } = event.target;
            if (value === 'dark' || value === 'light' || value === 'system')
              settings.change({ theme: value });
          }}
        >
          <option value="system">As the system</option>
          <option value="dark">Dark</option>
          <option value="light">Light</option>
        </select>
      </div>
      <div className="setting">
        <label htmlFor={`${id}-size`}>Font size of the terminal</label>
        <input
          id={`${id}-size`}
          className="field"
          type="number"
          min={MIN_FONT_SIZE}
          max={MAX_FONT_SIZE}
          value={size}
          onChange={(event) => {
            setSize(event.target.value);
            const typed = event.target.valueAsNumber;
            if (typed >= MIN_FONT_SIZE && typed <= MAX_FONT_SIZE)
              settings.change({ fontSize: boundedFontSize(typed) });
          }}
          onBlur={() => {
            setSize(String(settings.fontSize));
          }}
        />
      </div>
      <div className="setting">
        <label htmlFor={`${id}-family`}>Font of the terminal</label>
        <input
          id={`${id}-family`}
          className="field"
          type="text"
          placeholder="The default"
          spellCheck={false}
          maxLength={MAX_FONT_FAMILY_LENGTH}
          value={settings.fontFamily}
          onChange={(event) => {
            settings.change({ fontFamily: event.target.value });
          }}
        />
      </div>
      <div className="setting">
        <label htmlFor={`${id}-enter`}>
          Shift+Enter sends
          <div className="setting-note">What coding agents take for a new line.</div>
        </label>
        <select
          id={`${id}-enter`}
          className="field"
          value={settings.shiftEnter}
          onChange={(event) => {
            const { value } = event.target;
            if (value === 'escape-return' || value === 'line-feed' || value === 'return') {
              settings.change({ shiftEnter: value });
            }
          }}
        >
          <option value="escape-return">Escape, Return</option>
          <option value="line-feed">Line feed (Ctrl+J)</option>
          <option value="return">Return, as Enter does</option>
        </select>
      </div>
      <div className="setting">
        <label htmlFor={`${id}-reader`}>
          Terminal for screen readers
          <div className="setting-note">Reads the output aloud; slower with much of it.</div>
        </label>
        <input
          id={`${id}-reader`}
          className="setting-check"
          type="checkbox"
          checked={settings.screenReader}
          onChange={(event) => {
            settings.change({ screenReader: event.target.checked });
          }}
        />
      </div>
    </Overlay>
  );
}
