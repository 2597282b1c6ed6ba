/** The contest of `test/linearizability` over a hundred thousand operations, with things breaking a hundred times. */
import { expectOneOrder } from '../support/one-order.js';

expectOneOrder(100_000);
