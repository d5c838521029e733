import { Logger } from '@nestjs/common';

/** Nest's logger, where the application's own log sink may throw as it likes: listening breaks nothing. */
export class HarmlessLogger {
  private readonly logger: Logger;

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  log(message: string): void {
    attempt(() => this.logger.log(message));
  }

  warn(message: string): void {
    attempt(() => this.logger.warn(message));
  }

  /** `cause` is shown with its stack. */
  error(message: string, cause?: unknown): void {
    attempt(() => this.logger.error(message, ...(cause === undefined ? [] : [shown(cause)])));
  }
}

function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // Who cannot be told is not told; the sagas go on.
  }
}

function shown(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
