'use strict';
// A service as many teams ran it under pm2 in 2019. pm2 loads @pm2/io into every process that it
// starts; asking for it here by hand does the same, so that the example needs no pm2 to run.
require('@pm2/io');

const Koa = require('koa');
const log4js = require('log4js');

const log = log4js.getLogger('service');
log.level = 'warn';

const service = new Koa();

// Its own code can be left out, to see whether that is what leaks: OWN_CODE=off.
if (process.env.OWN_CODE !== 'off') {
  service.use(async (ctx, next) => {
    const start = process.hrtime();
    await next();
    const [seconds, nanoseconds] = process.hrtime(start);
    ctx.set('Server-Timing', `app;dur=${(seconds * 1e3 + nanoseconds / 1e6).toFixed(2)}`);
    log.debug('answered', ctx.path);
  });
}

service.use((ctx) => {
  ctx.body = { greeting: 'hello', path: ctx.path };
});

const server = service.listen(Number(process.env.PORT || 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
