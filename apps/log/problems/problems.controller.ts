/** `GET /problems` and `GET /problems/<code>`: where the `type` of every problem answer leads. */
import { Controller, Get, Header, Headers, Param, Query, Res } from '@nestjs/common';
import {
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/platform/access/access.guard.js';
import { isProblemCode } from '#libs/problem/catalogue.js';
import { Problem } from '#libs/problem/problem.js';
import { languageOf } from '../language.js';
import { problemList, problemPage } from './problem-page.js';

@ApiTags('problems')
@ApiQuery({ name: 'lang', required: false, enum: ['kk', 'ru', 'en'] })
@ApiHeader({ name: 'Accept-Language', required: false })
@ApiProduces('text/html')
@Public()
@Controller('problems')
export class ProblemsController {
  @Get()
  @Header('Cache-Control', 'public, max-age=3600')
  @ApiOperation({ operationId: 'listProblems', summary: 'Every problem code, as a page.' })
  @ApiOkResponse({ description: 'HTML.' })
  list(
    @Query('lang') lang: unknown,
    @Headers('accept-language') accepted: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    const language = languageOf(lang, accepted);
    htmlIn(language, reply);
    return problemList(language);
  }

  @Get(':code')
  @Header('Cache-Control', 'public, max-age=3600')
  @ApiOperation({
    operationId: 'getProblem',
    summary: 'What one problem code means and what to do, as a page.',
  })
  @ApiOkResponse({ description: 'HTML.' })
  @ApiNotFoundResponse({ description: 'There is no such code.' })
  one(
    @Param('code') code: string,
    @Query('lang') lang: unknown,
    @Headers('accept-language') accepted: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    if (!isProblemCode(code)) throw new Problem('not-found');
    const language = languageOf(lang, accepted);
    htmlIn(language, reply);
    return problemPage(code, language);
  }
}

function htmlIn(language: string, reply: FastifyReply): void {
  void reply
    .header('Content-Type', 'text/html; charset=utf-8')
    .header('Content-Language', language)
    .header('Vary', 'Accept-Language');
}
