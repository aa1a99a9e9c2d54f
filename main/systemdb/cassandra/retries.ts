import { policies, type types } from 'cassandra-driver';

const { RetryPolicy } = policies.retry;

/** How often a statement that may be repeated is sent again, each time to another node. */
const RETRIES = 2;

/**
 * Repeats only statements that are marked idempotent, and only where another try may help; everything else is told to the
 * caller, who reads back what became of it.
 */
export class CarefulRetries extends RetryPolicy {
  override onRequestError(info: policies.retry.OperationInfo, consistency: types.consistencies): policies.retry.DecisionInfo {
    return this.#again(info, consistency);
  }

  override onUnavailable(info: policies.retry.OperationInfo, consistency: types.consistencies): policies.retry.DecisionInfo {
    return this.#again(info, consistency);
  }

  override onReadTimeout(info: policies.retry.OperationInfo, consistency: types.consistencies): policies.retry.DecisionInfo {
    return this.#again(info, consistency);
  }

  override onWriteTimeout(info: policies.retry.OperationInfo, consistency: types.consistencies): policies.retry.DecisionInfo {
    return this.#again(info, consistency);
  }

  #again(info: policies.retry.OperationInfo, consistency: types.consistencies): policies.retry.DecisionInfo {
    return info.executionOptions.isIdempotent() && info.nbRetry < RETRIES ? this.retryResult(consistency, false) : this.rethrowResult();
  }
}
