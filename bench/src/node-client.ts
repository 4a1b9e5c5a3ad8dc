/** A process of its own that runs scenarios over the Node transport (`ws`), for the way `node-ws`. */
import { createNodeTransportFactory } from '@holdfast/client/node';
import { runScenario, type Place, type Scenario } from './scenario.js';

export type Order = { readonly id: string; readonly url: string; readonly scenario: Scenario };
export type Answer = { readonly id: string; readonly failure?: string; readonly units: number };

const factory = createNodeTransportFactory();
const place: Place = {
  draw: () => undefined,
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

process.on('message', ({ id, url, scenario }: Order) => {
  runScenario(factory, url, scenario, place).then(
    ({ units }) => process.send?.({ id, units } satisfies Answer),
    (error: unknown) => process.send?.({ id, units: 0, failure: String(error) } satisfies Answer),
  );
});
// It goes with whoever started it.
process.on('disconnect', () => process.exit(0));
