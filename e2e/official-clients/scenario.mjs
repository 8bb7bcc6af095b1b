// The scenario: the same steps in the same order for every client. A step with
// `for` is run by the clients it names, the others have no such step.
import { aggregateSteps } from "./aggregates.mjs";
import { commandSteps } from "./commands.mjs";
import { documentSteps } from "./documents.mjs";
import { errorSteps, fileSteps, functionSteps, userSteps } from "./rooms.mjs";
import { transactionSteps } from "./transactions.mjs";
import { watchSteps } from "./watching.mjs";

export const steps = [
  ...documentSteps,
  ...commandSteps,
  ...aggregateSteps,
  ...transactionSteps,
  ...functionSteps,
  ...fileSteps,
  ...errorSteps,
  ...userSteps,
  ...watchSteps,
];
