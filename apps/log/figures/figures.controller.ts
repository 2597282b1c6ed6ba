/** `GET /figures` and `GET /figures.json`: how the registry runs, for everybody and without asking it kindly. */
import { Controller, Get, Header, Headers, Inject, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/platform/access/access.guard.js';
import { languageOf } from '../language.js';
import { figuresPage } from './figures-page.js';
import { FiguresDto } from './figures.dto.js';
import { FiguresService } from './figures.service.js';

@ApiTags('figures')
@Public()
@Controller()
export class FiguresController {
  constructor(@Inject(FiguresService) private readonly service: FiguresService) {}

  @Get('figures.json')
  @Header('Cache-Control', 'public, max-age=5')
  @ApiOperation({
    operationId: 'getFigures',
    summary: 'How fast checks are answered, whether they are, and how far the log is behind.',
  })
  @ApiOkResponse({ type: FiguresDto })
  json(): Promise<FiguresDto> {
    return this.service.figures();
  }

  @Get('figures')
  @Header('Cache-Control', 'public, max-age=5')
  @ApiQuery({ name: 'lang', required: false, enum: ['kk', 'ru', 'en'] })
  @ApiHeader({ name: 'Accept-Language', required: false })
  @ApiProduces('text/html')
  @ApiOperation({ operationId: 'showFigures', summary: 'The same figures, as a page.' })
  @ApiOkResponse({ description: 'HTML.' })
  async page(
    @Query('lang') lang: unknown,
    @Headers('accept-language') accepted: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const language = languageOf(lang, accepted);
    const html = figuresPage(await this.service.figures(), language);
    void reply
      .header('Content-Type', 'text/html; charset=utf-8')
      .header('Content-Language', language)
      .header('Vary', 'Accept-Language');
    return html;
  }
}
