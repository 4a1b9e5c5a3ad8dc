// Each way in which something at the address is not the daemon has its own sentence, and none hangs.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { faultyDaemon, type Fault } from '../src/faulty-daemon.js';
import { temporaryHome } from '../src/home.js';
import { results } from '../src/places.js';
import { openDesktop } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());
beforeAll(() => mkdir(results, { recursive: true }));

const sentences: { fault: Fault; sentence: RegExp }[] = [
  { fault: 'answers 403', sentence: /does not accept connections/ },
  { fault: 'answers 200', sentence: /Something else answers at .*HTTP 200/ },
  { fault: 'has a wrong accept key', sentence: /Something else answers at/ },
  { fault: 'is silent', sentence: /did not answer|no answer|not answered/i },
  { fault: 'speaks another version', sentence: /This window speaks version 1, the daemon version 2/ },
];

describe.each(['plugin', 'option-a'] as const)('the desktop window, %s', (flavour) => {
  test.each(sentences)('a daemon that $fault is named as such', async ({ fault, sentence }) => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await faultyDaemon(fault), (it) => it.end());
    const app = cleanUp.add(await openDesktop(flavour, home.path, { daemonUrl: daemon.url }), (it) =>
      it.end(),
    );

    await until(`the sentence ${String(sentence)}`, async () => sentence.test(await app.page.statusText()), {
      deadlineMs: 60_000,
      lastSeen: () => app.page.statusText(),
    });
    expect(daemon.requests()).toBeGreaterThan(0);
    await app.page.driver.screenshot(join(results, `refusal-${flavour}-${fault.replaceAll(' ', '-')}.png`));
  });
});
