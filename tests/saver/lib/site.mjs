// SPDX-License-Identifier: GPL-3.0-or-later
// A site on loopback, made by the test: pages by path, each {type, bytes, headers} or a function of (request, response);
// `asked` counts what was asked for.
import http from 'node:http';

export class Site {
    static async start(pages = {}, host = '127.0.0.1') {
        const site = new Site();
        Object.assign(site, { pages, asked: {}, requests: [] });
        site.server = http.createServer((request, response) => site.answer(request, response));
        await new Promise((resolve) => site.server.listen(0, host, resolve));
        site.port = site.server.address().port;
        site.origin = `http://${host}:${site.port}`;
        return site;
    }

    answer(request, response) {
        const path = request.url.split('?')[0];
        this.asked[path] = (this.asked[path] ?? 0) + 1;
        this.requests.push({ method: request.method, url: request.url, headers: request.headers });
        const page = this.pages[path];
        if (!page)
            return void response.writeHead(404).end('nothing here');
        if (typeof page === 'function')
            return void page(request, response);
        const bytes = Buffer.from(page.bytes);
        const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
        const from = range ? Number(range[1]) : 0;
        response.writeHead(range ? 206 : 200, { 'Content-Type': page.type, 'Content-Length': bytes.length - from,
            ...(range ? { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}), ...page.headers });
        response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from));
    }

    stop() {
        this.server.closeAllConnections?.();
        return new Promise((resolve) => this.server.close(resolve));
    }
}

export const html = (body) => ({ type: 'text/html', bytes: `<!doctype html><html><head><title>A page</title></head><body>${body}</body></html>` });

// A feed of RSS 2.0 with enclosures: items are {title, guid, url, type}.
export const feed = (items, more = '') => ({ type: 'application/rss+xml', bytes: `<?xml version="1.0" encoding="UTF-8"?>${more}
<rss version="2.0"><channel><title>A podcast</title>${items.map(({ title, guid, url, type = 'audio/wav' }) =>
        `<item><title>${title}</title><guid isPermaLink="false">${guid}</guid><enclosure url="${url}" type="${type}" length="1"/></item>`).join('')}</channel></rss>` });
