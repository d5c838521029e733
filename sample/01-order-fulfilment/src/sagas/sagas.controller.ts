import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Sse, type MessageEvent } from '@nestjs/common';
import {
  SagaRunner,
  sagaMessages,
  type LogEntry,
  type Page,
  type SagaStatus,
  type SagaSummary,
  type SagaView,
} from 'nest-saga';
import type { Observable } from 'rxjs';

interface SagaFilter {
  status?: SagaStatus | '';
  saga?: string;
  cursor?: string;
  limit?: string;
}

/** For operators: in your application, a guard stands before it. */
@Controller('sagas')
export class SagasController {
  constructor(private readonly sagas: SagaRunner) {}

  /** An empty filter filters nothing; what is no status, no cursor or no number is answered with 400. */
  @Get()
  find(@Query() { status, saga, cursor, limit }: SagaFilter): Promise<Page<SagaSummary>> {
    return this.sagas.find({
      ...(status && { status }),
      ...(saga && { name: saga }),
      ...(cursor && { after: cursor }),
      ...(limit && { limit: Number(limit) }),
    });
  }

  @Get(':id')
  async get(@Param('id') id: string): Promise<{ record: SagaView; history: readonly LogEntry[] }> {
    const saga = await this.sagas.get(id);
    const [record, history] = await Promise.all([saga.record(), saga.history()]);
    return { record, history };
  }

  @Sse(':id/events')
  async events(
    @Param('id') id: string,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<Observable<MessageEvent>> {
    return sagaMessages(await this.sagas.get(id), lastEventId);
  }

  /** Answers when the saga has agreed to turn back; what was done is undone in the background. Too late is a 409. */
  @Post(':id/cancel')
  @HttpCode(202)
  async cancel(@Param('id') id: string, @Body('reason') reason?: string): Promise<{ sagaId: string }> {
    const saga = await this.sagas.get(id);
    await saga.cancel({ by: 'the order page', ...(reason && { reason }) });
    return { sagaId: id };
  }

  /** Tries compensations that have used up their attempts again, now. */
  @Post(':id/retry')
  @HttpCode(202)
  async retry(@Param('id') id: string): Promise<{ sagaId: string }> {
    const saga = await this.sagas.get(id);
    await saga.retryCompensation({ by: 'the order page' });
    return { sagaId: id };
  }

  /** Somebody has settled outside what a compensation could not undo. */
  @Post(':id/steps/:step/resolve')
  @HttpCode(202)
  async resolve(
    @Param('id') id: string,
    @Param('step') step: string,
    @Body('reason') reason = 'settled by hand',
  ): Promise<{ sagaId: string }> {
    const saga = await this.sagas.get(id);
    await saga.resolve(step, { reason, by: 'the order page' });
    return { sagaId: id };
  }
}
